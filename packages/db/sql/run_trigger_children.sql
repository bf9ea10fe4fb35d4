-- run_trigger_children: the runs that task instances of a run triggered, in the order of the tasks, after a position.
-- Index: run_trigger_pkey, run_pkey.
-- @param {BigInt} $1:runId
-- @param {Int} $2:ix
-- @param {Int} $3:mapIx
-- @param {String} $4:dagId
-- @param {Int} $5:attempt
-- @param {Int} $6:limit
SELECT t.child_run_id AS run_id, t.dag_id, coalesce(r.run_name, '') AS run_name, r.state, t.task_id, t.ix, t.map_ix,
       t.attempt, t.at, t.depth::int AS depth, t.dag_id AS child_dag_id
FROM run_trigger AS t
LEFT JOIN run AS r ON r.id = t.child_run_id
WHERE t.parent_run_id = $1 AND (t.ix, t.map_ix, t.dag_id, t.attempt) > ($2, $3, $4, $5)
ORDER BY t.ix, t.map_ix, t.dag_id, t.attempt
LIMIT $6
