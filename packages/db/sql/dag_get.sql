-- dag_get: these DAGs, in no particular order.
-- Index: dag_pkey, dag_version's unique (dag_id, version).
-- @param {String[]} $1:dagIds
SELECT d.dag_id, d.version, d.folder, d.file, d.description, d.tags, d.owner, d.schedule, d.timezone, d.is_paused,
       d.is_active, d.next_run_at, d.schedule_problem, d.registered_at, v.id AS dag_version_id, v.task_count, v.digest,
       d.scheduled_through, d.last_interval_start, d.last_interval_end, clock_timestamp() AS now
FROM dag AS d
JOIN dag_version AS v ON v.dag_id = d.dag_id AND v.version = d.version
WHERE d.dag_id = ANY ($1::text[])
