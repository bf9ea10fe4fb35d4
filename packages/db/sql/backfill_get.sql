-- backfill_get: these backfills, or a page of those that match, newest first, with their runs by state and the mean length of
-- the last runs that ended.
-- Index: backfill_pkey, backfill_of_dag, run_of_backfill.
-- @param {BigInt[]} $1:backfillKeys?
-- @param {String} $2:dagId?
-- @param {Boolean} $3:openOnly
-- @param {BigInt} $4:beforeKey?
-- @param {Int} $5:limit
-- @param {Int} $6:meanRuns Runs that the mean is drawn from.
SELECT b.id, b.dag_id, b.shard, b.dag_version_id, v.version AS dag_version, d.timezone, b.from_at, b.to_at, b.as_of, b.anchor_at,
       b.is_reverse, b.reprocess, b.max_active_runs, b.params, b.has_params, b.note, b.created_by, b.created_at, b.date_count,
       b.decided, b.decided_date, b.in_flight, b.existing, b.state, b.ended_at,
       counts.queued, counts.running, counts.success, counts.failed, mean.ms AS mean_ms
FROM backfill AS b
JOIN dag_version AS v ON v.id = b.dag_version_id
JOIN dag AS d ON d.dag_id = b.dag_id
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE r.state = 1)::int AS queued, count(*) FILTER (WHERE r.state = 2)::int AS running,
         count(*) FILTER (WHERE r.state = 3)::int AS success, count(*) FILTER (WHERE r.state = 4)::int AS failed
  FROM run AS r
  WHERE r.backfill_id = b.id
) AS counts
CROSS JOIN LATERAL (
  SELECT (extract(epoch FROM avg(last.ended_at - last.started_at)) * 1000)::float8 AS ms
  FROM (
    SELECT r.ended_at, r.started_at
    FROM run AS r
    WHERE r.backfill_id = b.id AND r.state IN (3, 4) AND r.started_at IS NOT NULL AND b.state < 4
    ORDER BY r.backfill_ordinal DESC
    LIMIT $6
  ) AS last
) AS mean
WHERE ($1::bigint[] IS NULL OR b.id = ANY ($1))
  AND ($2::text IS NULL OR b.dag_id = $2)
  AND (NOT $3::boolean OR b.state < 4)
  AND ($4::bigint IS NULL OR b.id < $4)
ORDER BY b.id DESC
LIMIT $5
