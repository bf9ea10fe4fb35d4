-- owner_dag_list: what an owner must know of the DAGs of its shards, with the id of their newest version.
-- Index: dag_changed for $3; the whole table otherwise, which is read at take-over only.
-- @param {Int[]} $1:shards
-- @param {String} $2:dagId? Only this one.
-- @param {BigInt} $3:changedAfter? Only rows changed after this.
-- @param {Int} $4:limit
SELECT d.dag_id, d.shard, d.version, v.id AS version_id, d.is_paused, d.is_active, d.scheduled_through, d.last_interval_start,
       d.last_interval_end, d.next_run_at,
       d.changed_seq, d.schedule, d.schedule_problem
FROM dag AS d
JOIN dag_version AS v ON v.dag_id = d.dag_id AND v.version = d.version
WHERE d.shard = ANY ($1::smallint[])
  AND ($2::text IS NULL OR d.dag_id = $2)
  AND ($3::bigint IS NULL OR d.changed_seq > $3)
ORDER BY d.changed_seq
LIMIT $4
