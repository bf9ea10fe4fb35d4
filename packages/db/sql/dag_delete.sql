-- dag_delete: deletes a DAG with its versions, unless it has runs. Returns its id if it is gone now.
-- @param {String} $1:dagId
WITH gone AS (
  DELETE FROM dag WHERE dag_id = $1 AND NOT EXISTS (SELECT 1 FROM run WHERE run.dag_id = $1) RETURNING dag_id
),
pending AS (DELETE FROM asset_pending USING gone WHERE asset_pending.dag_id = gone.dag_id),
sorted AS (DELETE FROM asset_partition USING gone WHERE asset_partition.dag_id = gone.dag_id)
SELECT dag_id FROM gone
