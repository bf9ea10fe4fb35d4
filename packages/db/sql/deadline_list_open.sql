-- deadline_list_open: the deadlines that are still ahead, or not known to be missed, of runs of shards that have failed.
-- Index: deadline_open, run_pkey.
-- @param {Int[]} $1:shards
-- @param {BigInt} $2:afterRunKey
-- @param {Int} $3:limit
SELECT d.run_id, d.ix, d.ordinal, d.state, d.due_at, r.dag_id, r.dag_version_id
FROM deadline AS d
JOIN run AS r ON r.id = d.run_id
WHERE d.state IN (1, 2) AND r.shard = ANY ($1::smallint[]) AND r.state = 4
  AND d.run_id > $2
ORDER BY d.run_id
LIMIT $3
