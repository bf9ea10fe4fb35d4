-- dag_delete_runs: deletes final runs of a DAG with everything that hangs on them, oldest first: at least one, at most $2,
-- and no more once they have $3 task instances. Of $4 only, unless that is NULL. Returns their ids.
-- Index: run_of_dag; the primary keys of what hangs on them begin with the run; run_trigger_child.
-- @param {String} $1:dagId
-- @param {Int} $2:limit
-- @param {Int} $3:taskInstancesMax
-- @param {BigInt[]} $4:ids?
WITH gone AS (
  DELETE FROM run
  WHERE id IN (
    SELECT id FROM (
      SELECT id, size, sum(size) OVER (ORDER BY id) AS size_so_far FROM (
        SELECT id, (SELECT coalesce(sum(n), 0) FROM unnest(counts) AS n) AS size
        FROM run
        WHERE dag_id = $1 AND state IN (3, 4) AND ($4::bigint[] IS NULL OR id = ANY ($4))
        ORDER BY id
        LIMIT $2
      ) AS sized
    ) AS oldest
    WHERE size_so_far <= $3 OR size_so_far = size
  )
  RETURNING id
),
tasks AS (DELETE FROM task_instance USING gone WHERE run_id = gone.id),
attempts AS (DELETE FROM task_instance_attempt USING gone WHERE run_id = gone.id),
expansions AS (DELETE FROM expansion USING gone WHERE run_id = gone.id),
events AS (DELETE FROM event USING gone WHERE run_id = gone.id),
inputs AS (DELETE FROM input_request USING gone WHERE run_id = gone.id),
deadlines AS (DELETE FROM deadline USING gone WHERE run_id = gone.id),
callbacks AS (DELETE FROM callback_delivery USING gone WHERE run_id = gone.id),
triggers AS (DELETE FROM run_trigger USING gone WHERE child_run_id = gone.id),
made_of AS (DELETE FROM run_asset_event USING gone WHERE run_id = gone.id),
xcoms AS (DELETE FROM xcom USING gone WHERE run_id = gone.id),
logs AS (DELETE FROM task_log USING gone WHERE run_id = gone.id)
SELECT id FROM gone
