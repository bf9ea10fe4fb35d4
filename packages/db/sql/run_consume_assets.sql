-- run_consume_assets: gives runs that were just born the pending events of the assets that their DAGs wait for: of each
-- asset the oldest, at most $4. In the transaction of run_create_batch; a run that was not born gets none. What arrives
-- meanwhile stays pending for the next run. Returns how many each run got.
-- Only the owner of a DAG's shard deletes its pending rows, so what it counted is there.
-- Index: run_pkey, asset_uri_key, asset_alias_pkey, asset_pending_pkey.
-- @param {BigInt[]} $1:runIds one for each asset or alias
-- @param {String[]} $2:uris empty for an alias
-- @param {String[]} $3:aliases empty for an asset
-- @param {Int} $4:eventsPerAssetMax
WITH asked AS MATERIALIZED (
  SELECT v.run_id, run.dag_id, v.uri, v.alias
  FROM unnest($1::bigint[], $2::text[], $3::text[]) AS v (run_id, uri, alias)
  JOIN run ON run.id = v.run_id
  -- A run that was made before, and is asked for again for want of an answer, has its events.
  WHERE NOT EXISTS (SELECT 1 FROM run_asset_event AS m WHERE m.run_id = v.run_id)
),
wanted AS MATERIALIZED (
  SELECT asked.run_id, asked.dag_id, asset.id AS asset_id FROM asked JOIN asset ON asset.uri = asked.uri
  UNION
  SELECT asked.run_id, asked.dag_id, l.asset_id FROM asked JOIN asset_alias AS l ON l.alias = asked.alias
),
oldest AS MATERIALIZED (
  SELECT wanted.run_id, p.dag_id, p.asset_id, p.event_id
  FROM wanted
  CROSS JOIN LATERAL (
    SELECT p.dag_id, p.asset_id, p.event_id
    FROM asset_pending AS p
    WHERE p.dag_id = wanted.dag_id AND p.asset_id = wanted.asset_id
    ORDER BY p.event_id
    LIMIT $4::int
  ) AS p
),
used AS (
  DELETE FROM asset_pending AS p
  USING oldest
  WHERE p.dag_id = oldest.dag_id AND p.asset_id = oldest.asset_id AND p.event_id = oldest.event_id
  RETURNING oldest.run_id, p.event_id
),
kept AS (
  INSERT INTO run_asset_event (run_id, event_id) SELECT run_id, event_id FROM used
)
SELECT run_id, count(*)::int FROM used GROUP BY run_id
