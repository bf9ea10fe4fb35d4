-- owner_task_list: the task instances of runs, in the order of their keys; without what they returned.
-- Index: task_instance_pkey.
-- @param {BigInt[]} $1:runKeys
SELECT run_id, ix, map_ix, state, attempt, lost, session_key, ready_at, started_at, ended_at, retry_at
FROM task_instance
WHERE run_id = ANY ($1::bigint[])
ORDER BY run_id, ix, map_ix
