-- run_trigger_give_up: what earlier attempts of a task instance triggered of a DAG counts no more: another run follows.
-- Index: run_trigger_pkey.
-- @param {BigInt} $1:parentRunId
-- @param {Int} $2:ix
-- @param {Int} $3:mapIx
-- @param {String} $4:dagId
-- @param {Int} $5:attempt
UPDATE run_trigger SET is_current = false
WHERE parent_run_id = $1 AND ix = $2 AND map_ix = $3 AND dag_id = $4 AND attempt < $5 AND is_current
