-- deadline_history_tasks: when tasks began and ended in runs: those whose instances succeeded or were skipped.
-- Index: task_instance_pkey.
-- @param {BigInt[]} $1:runKeys
SELECT run_id, ix, min(started_at) AS started_at, max(ended_at) AS ended_at
FROM task_instance
WHERE run_id = ANY ($1::bigint[])
GROUP BY run_id, ix
HAVING bool_and(state IN (6, 8, 10)) AND min(started_at) IS NOT NULL AND max(ended_at) IS NOT NULL
