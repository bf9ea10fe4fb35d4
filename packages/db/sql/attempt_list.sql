-- attempt_list: earlier attempts of a task instance, oldest first.
-- Index: task_instance_attempt_pkey.
-- @param {BigInt} $1:runKey
-- @param {Int} $2:ix
-- @param {Int} $3:mapIx
SELECT a.attempt, a.state, a.started_at, a.ended_at, a.failure, s.worker_name
FROM task_instance_attempt AS a
LEFT JOIN worker_session AS s ON s.key = a.session_key
WHERE a.run_id = $1 AND a.ix = $2 AND a.map_ix = $3
ORDER BY a.attempt
