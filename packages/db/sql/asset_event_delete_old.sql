-- asset_event_delete_old: of the next $3 events of assets after id $2, deletes those that are older than $1 days. What a
-- waiting DAG has not used yet stays, and so does what a run was made of that still exists, and what has a partition key: by that
-- it may be asked for at any time. Returns where it got to, how many were old enough, and how many of these are gone.
-- Index: asset_event_pkey, run_asset_event_of.
-- @param {Int} $1:days
-- @param {BigInt} $2:afterId
-- @param {Int} $3:limit
WITH page AS MATERIALIZED (
  SELECT id, asset_id, at, partition_key FROM asset_event WHERE id > $2 ORDER BY id LIMIT $3
),
old AS MATERIALIZED (
  SELECT id, asset_id FROM page WHERE at < clock_timestamp() - $1 * interval '1 day' AND partition_key IS NULL
),
gone AS (
  DELETE FROM asset_event AS e
  USING old
  WHERE e.id = old.id
    AND NOT EXISTS (SELECT 1 FROM asset_pending AS p WHERE p.asset_id = old.asset_id AND p.event_id = old.id)
    AND NOT EXISTS (SELECT 1 FROM run_asset_event AS m WHERE m.event_id = old.id)
  RETURNING e.id
)
SELECT
  (SELECT max(id) FROM page) AS last_id,
  (SELECT count(*) FROM old)::int AS old,
  (SELECT count(*) FROM gone)::int AS deleted
