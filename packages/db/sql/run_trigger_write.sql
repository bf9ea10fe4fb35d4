-- run_trigger_write: notes which task instances triggered runs that were just made, in the transaction that made them. Runs
-- that were not made after all are left out.
-- Index: run_pkey, run_trigger_pkey.
-- @param {BigInt[]} $1:childRunIds
-- @param {BigInt[]} $2:parentRunIds
-- @param {Int[]} $3:ixs
-- @param {Int[]} $4:mapIxs
-- @param {Int[]} $5:attempts
-- @param {Int[]} $6:depths
-- @param {String[]} $7:parentDagIds
-- @param {String[]} $8:taskIds
INSERT INTO run_trigger (parent_run_id, ix, map_ix, dag_id, attempt, child_run_id, depth, parent_dag_id, task_id)
SELECT a.parent_run_id, a.ix, a.map_ix, r.dag_id, a.attempt, a.child_run_id, a.depth, a.parent_dag_id, a.task_id
FROM unnest($1::bigint[], $2::bigint[], $3::int[], $4::int[], $5::int[], $6::int[], $7::text[], $8::text[])
  AS a (child_run_id, parent_run_id, ix, map_ix, attempt, depth, parent_dag_id, task_id)
JOIN run AS r ON r.id = a.child_run_id
ON CONFLICT DO NOTHING
