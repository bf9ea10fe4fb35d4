-- run_calendar: how many runs of a DAG there are on each day of a zone, by state. A run without a logical date is of the day on
-- which it was due.
-- Index: run_logical; run_of_dag for runs without a logical date.
-- @param {String} $1:dagId
-- @param {DateTime} $2:from
-- @param {DateTime} $3:until
-- @param {String} $4:timezone
SELECT to_char(at AT TIME ZONE $4::text, 'YYYY-MM-DD') AS day,
       count(*) FILTER (WHERE state = 1)::int AS queued,
       count(*) FILTER (WHERE state = 2)::int AS running,
       count(*) FILTER (WHERE state = 3)::int AS succeeded,
       count(*) FILTER (WHERE state = 4)::int AS failed
FROM (
  SELECT logical_at AS at, state FROM run WHERE dag_id = $1 AND logical_at >= $2 AND logical_at < $3
  UNION ALL
  SELECT run_after, state FROM run WHERE dag_id = $1 AND logical_at IS NULL AND run_after >= $2 AND run_after < $3
) AS found
GROUP BY day
ORDER BY day
