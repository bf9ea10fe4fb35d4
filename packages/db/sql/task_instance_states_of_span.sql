-- task_instance_states_of_span: the states of a span of instances of mapped tasks that have rows, task by task.
-- Index: task_instance_pkey.
-- @param {BigInt} $1:runKey
-- @param {Int[]} $2:ixs
-- @param {Int} $3:from First index
-- @param {Int} $4:to Last index
SELECT t.ix, array_agg(t.map_ix ORDER BY t.map_ix) AS map_ixs, array_agg(t.state ORDER BY t.map_ix) AS states
FROM task_instance AS t
WHERE t.run_id = $1 AND t.ix = ANY ($2::int[]) AND t.map_ix BETWEEN $3 AND $4
GROUP BY t.ix
