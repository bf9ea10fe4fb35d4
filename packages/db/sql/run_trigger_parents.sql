-- run_trigger_parents: which task instances triggered a run, newest first.
-- Index: run_trigger_child, run_pkey.
-- @param {BigInt} $1:runId
-- @param {Int} $2:limit
SELECT t.parent_run_id AS run_id, t.parent_dag_id AS dag_id, coalesce(r.run_name, '') AS run_name, r.state, t.task_id,
       t.ix, t.map_ix, t.attempt, t.at, t.depth::int AS depth, t.dag_id AS child_dag_id
FROM run_trigger AS t
LEFT JOIN run AS r ON r.id = t.parent_run_id
WHERE t.child_run_id = $1
ORDER BY t.at DESC
LIMIT $2
