-- task_instance_list_of_run: what stands for whole tasks of a run: the instances of tasks that are not mapped, and of mapped
-- ones what they were before they were expanded. Those that have a row, in the order of the graph.
-- Index: task_instance_pkey.
-- @param {BigInt} $1:runKey
-- @param {Int[]} $2:ixs
SELECT t.ix, t.map_ix, t.state, t.attempt, t.uncounted, t.losses, t.ready_at, t.started_at, t.ended_at, t.wait_until,
       t.failure, t.choice, t.map_index_label, s.worker_name,
       CASE WHEN t.state IN (13, 14) THEN t.deferral END AS deferral
FROM unnest($2::int[]) AS asked (ix)
JOIN task_instance AS t ON t.run_id = $1 AND t.ix = asked.ix AND t.map_ix = -1
LEFT JOIN worker_session AS s ON s.key = t.session_key
ORDER BY t.ix
