-- deadline_delete: deletes deadlines that were kept: those of runs, and all of tasks in them with ix -2.
-- Index: deadline_pkey, run_pkey, shard_pkey.
-- @param {BigInt[]} $1:runKeys
-- @param {BigInt[]} $2:epochs
-- @param {Int[]} $3:ixs Only of this task; -2 for all
DELETE FROM deadline AS d
USING unnest($1::bigint[], $2::bigint[], $3::int[]) AS v (run_id, epoch, ix), run AS r, shard AS s
WHERE d.run_id = v.run_id AND (v.ix = -2 OR d.ix = v.ix) AND d.state IN (1, 2)
  AND r.id = v.run_id AND s.id = r.shard AND s.epoch = v.epoch
