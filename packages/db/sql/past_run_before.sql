-- past_run_before: for each of some moments the newest run of a DAG with an earlier logical date, if there is one.
-- Index: run_logical.
-- @param {String[]} $1:dagIds
-- @param {DateTime[]} $2:logicalDates
-- @param {Boolean[]} $3:withoutManual Runs that people made do not count
SELECT v.ord::int AS ord, p.id, p.dag_version_id, p.run_name, p.logical_at
FROM unnest($1::text[], $2::timestamptz[], $3::boolean[]) WITH ORDINALITY AS v (dag_id, before, without_manual, ord)
CROSS JOIN LATERAL (
  SELECT r.id, r.dag_version_id, r.run_name, r.logical_at
  FROM run AS r
  WHERE r.dag_id = v.dag_id AND r.logical_at < v.before AND NOT (v.without_manual AND r.run_type = 2)
  ORDER BY r.logical_at DESC
  LIMIT 1
) AS p
