-- deadline_list_of_runs: the deadlines of runs that are still ahead, or not known to be missed.
-- Index: deadline_open.
-- @param {BigInt[]} $1:runKeys
SELECT run_id, ix, ordinal, state, due_at
FROM deadline
WHERE run_id = ANY ($1::bigint[]) AND state IN (1, 2)
