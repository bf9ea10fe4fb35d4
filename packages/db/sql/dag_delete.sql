-- dag_delete: deletes a DAG with its versions, unless it has runs. Returns its id if it is gone now.
-- @param {String} $1:dagId
DELETE FROM dag WHERE dag_id = $1 AND NOT EXISTS (SELECT 1 FROM run WHERE run.dag_id = $1) RETURNING dag_id
