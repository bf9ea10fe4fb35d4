-- task_instance_get: one task instance, if it has a row.
-- Index: task_instance_pkey.
-- @param {BigInt} $1:runKey
-- @param {Int} $2:ix
-- @param {Int} $3:mapIx
SELECT t.ix, t.map_ix, t.state, t.attempt, t.uncounted, t.losses, t.ready_at, t.started_at, t.ended_at, t.wait_until,
       t.failure, t.choice, t.map_index_label, s.worker_name,
       CASE WHEN t.state IN (13, 14) THEN t.deferral END AS deferral, t.out
FROM task_instance AS t
LEFT JOIN worker_session AS s ON s.key = t.session_key
WHERE t.run_id = $1 AND t.ix = $2 AND t.map_ix = $3
