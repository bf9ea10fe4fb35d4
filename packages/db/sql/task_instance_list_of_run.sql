-- task_instance_list_of_run: task instances of a run that have a row, in the order of its graph.
-- Index: task_instance_pkey.
-- @param {BigInt} $1:runKey
-- @param {Int[]} $2:ixs? Only these
SELECT t.ix, t.map_ix, t.state, t.attempt, t.lost, t.ready_at, t.started_at, t.ended_at, t.retry_at, t.failure, s.worker_name
FROM task_instance AS t
LEFT JOIN worker_session AS s ON s.key = t.session_key
WHERE t.run_id = $1 AND ($2::int[] IS NULL OR t.ix = ANY ($2))
ORDER BY t.ix, t.map_ix
