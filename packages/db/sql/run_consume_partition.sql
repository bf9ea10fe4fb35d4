-- run_consume_partition: gives runs that were just born the events that are sorted under their partition keys: of each asset
-- the oldest, at most $3. In the transaction of run_create_batch; a run that was not born gets none. What arrives
-- meanwhile stays for the next run of the key. Returns how many each run got.
-- Only the owner of a DAG's shard deletes these rows, so what it counted is there.
-- Index: run_pkey, asset_partition_pkey.
-- @param {BigInt[]} $1:runIds
-- @param {String[]} $2:targetKeys
-- @param {Int} $3:eventsPerAssetMax
WITH asked AS MATERIALIZED (
  SELECT v.run_id, run.dag_id, v.target_key
  FROM unnest($1::bigint[], $2::text[]) AS v (run_id, target_key)
  JOIN run ON run.id = v.run_id
  -- A run that was made before, and is asked for again for want of an answer, has its events.
  WHERE NOT EXISTS (SELECT 1 FROM run_asset_event AS m WHERE m.run_id = v.run_id)
),
oldest AS MATERIALIZED (
  SELECT ranked.run_id, ranked.dag_id, ranked.target_key, ranked.asset_id, ranked.event_id
  FROM (
    SELECT asked.run_id, p.dag_id, p.target_key, p.asset_id, p.event_id,
      row_number() OVER (PARTITION BY asked.run_id, p.asset_id ORDER BY p.event_id) AS n
    FROM asked
    JOIN asset_partition AS p ON p.dag_id = asked.dag_id AND p.target_key = asked.target_key
  ) AS ranked
  WHERE ranked.n <= $3::int
),
used AS (
  DELETE FROM asset_partition AS p
  USING oldest
  WHERE p.dag_id = oldest.dag_id AND p.target_key = oldest.target_key AND p.asset_id = oldest.asset_id
    AND p.event_id = oldest.event_id
  RETURNING oldest.run_id, p.event_id
),
kept AS (
  INSERT INTO run_asset_event (run_id, event_id) SELECT DISTINCT run_id, event_id FROM used
)
SELECT run_id, count(*)::int FROM used GROUP BY run_id
