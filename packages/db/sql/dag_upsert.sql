-- dag_upsert: makes or renews the rows of DAGs whose version, folder or activity changed.
-- A DAG keeps its pause switch. Ticks missed while a DAG was gone, or before its schedule changed, stay missed.
-- @param {Json} $1:dags [{dag_id, shard, version, folder, file, description, tags, owner, schedule, timezone, is_paused}]
INSERT INTO dag (dag_id, shard, version, folder, file, description, tags, owner, schedule, timezone, is_paused, is_active,
                 changed_seq)
SELECT d.dag_id, d.shard, d.version, d.folder, d.file, d.description, d.tags, d.owner, d.schedule, d.timezone, d.is_paused,
       true, nextval('dag_changed_seq')
FROM jsonb_to_recordset($1::jsonb) AS d (dag_id text, shard smallint, version int, folder text, file text, description text,
                                         tags text[], owner text, schedule text, timezone text, is_paused boolean)
ORDER BY d.dag_id
ON CONFLICT (dag_id) DO UPDATE
SET version = excluded.version,
    folder = excluded.folder,
    file = excluded.file,
    description = excluded.description,
    tags = excluded.tags,
    owner = excluded.owner,
    scheduled_through = CASE
      WHEN dag.is_active AND (dag.schedule, dag.timezone) = (excluded.schedule, excluded.timezone) THEN dag.scheduled_through
      ELSE clock_timestamp()
    END,
    next_run_at = CASE
      WHEN dag.is_active AND (dag.schedule, dag.timezone) = (excluded.schedule, excluded.timezone) THEN dag.next_run_at
    END,
    schedule = excluded.schedule,
    timezone = excluded.timezone,
    is_active = true,
    changed_seq = nextval('dag_changed_seq'),
    registered_at = clock_timestamp()
