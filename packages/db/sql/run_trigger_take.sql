-- run_trigger_take: notes that a task instance took a run that was there. Nothing when its attempt has one already.
-- Index: run_trigger_pkey.
-- @param {BigInt} $1:parentRunId
-- @param {Int} $2:ix
-- @param {Int} $3:mapIx
-- @param {Int} $4:attempt
-- @param {BigInt} $5:childRunId
-- @param {Int} $6:depth
-- @param {String} $7:dagId Of the child
-- @param {String} $8:parentDagId
-- @param {String} $9:taskId
INSERT INTO run_trigger (parent_run_id, ix, map_ix, attempt, child_run_id, depth, dag_id, parent_dag_id, task_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT DO NOTHING
