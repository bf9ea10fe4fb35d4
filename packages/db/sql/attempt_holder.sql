-- attempt_holder: a run, and how a task instance of it stands and with which worker session. No row: no such run. The
-- columns of the task instance are null when it has no row.
-- Index: run_pkey, task_instance_pkey, worker_session_pkey.
-- @param {BigInt} $1:runKey
-- @param {Int} $2:ix
-- @param {Int} $3:mapIx
SELECT r.dag_id, r.dag_version_id, r.logical_at, r.run_after, t.state, t.attempt, t.session_key, s.worker_name,
       s.key IS NULL OR s.ended_at IS NOT NULL OR s.expires_at <= clock_timestamp() AS is_session_over
FROM run AS r
LEFT JOIN task_instance AS t ON t.run_id = r.id AND t.ix = $2 AND t.map_ix = $3
LEFT JOIN worker_session AS s ON s.key = t.session_key
WHERE r.id = $1
