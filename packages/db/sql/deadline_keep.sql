-- deadline_keep: takes note of deadlines that were kept. With ix -2 a run has succeeded: all that was not missed of it and its tasks
-- is deleted. What is kept by a task of a run that goes on stays as a row, so that a put of it that comes late finds it.
-- Index: deadline_pkey, run_pkey, shard_pkey.
-- @param {BigInt[]} $1:runKeys
-- @param {BigInt[]} $2:epochs
-- @param {Int[]} $3:ixs Only of this task; -2 for all
WITH kept AS (
  SELECT v.run_id, v.ix
  FROM unnest($1::bigint[], $2::bigint[], $3::int[]) AS v (run_id, epoch, ix)
  JOIN run AS r ON r.id = v.run_id
  JOIN shard AS s ON s.id = r.shard AND s.epoch = v.epoch
),
gone AS (
  DELETE FROM deadline AS d USING kept AS k WHERE k.ix = -2 AND d.run_id = k.run_id AND d.state IN (1, 2, 4)
)
UPDATE deadline AS d SET state = 4
FROM kept AS k
WHERE k.ix <> -2 AND d.run_id = k.run_id AND d.ix = k.ix AND d.state IN (1, 2)
  AND NOT EXISTS (SELECT FROM kept AS o WHERE o.run_id = k.run_id AND o.ix = -2)
