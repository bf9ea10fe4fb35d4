-- asset_partition_sort: sorts pending events of a DAG by what its runs would be about. Under shard_held. An event that a run of
-- the DAG with the key has used already, under another version, is left out there.
-- Index: asset_pending_pkey, asset_partition_pkey, run_asset_event_of, run_pkey.
-- @param {String} $1:dagId
-- @param {Int} $2:dagVersionId
-- @param {Int[]} $3:assetIds of the events that are sorted, beside their ids
-- @param {BigInt[]} $4:eventIds
-- @param {Int[]} $5:assetIds of the rows, beside what follows
-- @param {BigInt[]} $6:eventIds
-- @param {String[]} $7:targetKeys
-- @param {String[]} $8:parts
-- @param {String[]} $9:problems
WITH taken AS (
  DELETE FROM asset_pending AS p
  USING unnest($3::int[], $4::bigint[]) AS v (asset_id, event_id)
  WHERE p.dag_id = $1 AND p.asset_id = v.asset_id AND p.event_id = v.event_id
  RETURNING p.asset_id, p.event_id
)
INSERT INTO asset_partition (dag_id, target_key, asset_id, event_id, part, problem, dag_version_id)
SELECT $1, v.target_key, v.asset_id, v.event_id, v.part, v.problem, $2
FROM unnest($5::int[], $6::bigint[], $7::text[], $8::text[], $9::text[]) AS v (asset_id, event_id, target_key, part, problem)
JOIN taken ON taken.asset_id = v.asset_id AND taken.event_id = v.event_id
WHERE NOT EXISTS (
  SELECT 1
  FROM run_asset_event AS m
  JOIN run AS r ON r.id = m.run_id
  WHERE m.event_id = v.event_id AND r.dag_id = $1 AND r.partition_key = v.target_key
)
ON CONFLICT DO NOTHING
