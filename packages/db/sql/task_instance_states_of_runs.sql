-- task_instance_states_of_runs: the states of unmapped task instances that have rows, run by run.
-- Index: task_instance_pkey.
-- @param {BigInt[]} $1:runKeys
SELECT t.run_id, array_agg(t.ix ORDER BY t.ix) AS ixs, array_agg(t.state ORDER BY t.ix) AS states
FROM task_instance AS t
WHERE t.run_id = ANY ($1::bigint[]) AND t.map_ix = -1
GROUP BY t.run_id
