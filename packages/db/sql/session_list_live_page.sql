-- session_list_live_page: live sessions by name, after ($1, $2), with how many task instances run in each.
-- Index: worker_session_live; run_active and task_instance_pkey for the counts.
-- @param {String} $1:afterName?
-- @param {Int} $2:afterKey?
-- @param {Int} $3:limit
WITH page AS (
  SELECT key, session_id, worker_name, sdk, queues, handlers, slots, node_id, started_at, renewed_at
  FROM worker_session
  WHERE ended_at IS NULL
    AND expires_at > clock_timestamp()
    AND ($1::text IS NULL OR (worker_name, key) > ($1, $2::int))
  ORDER BY worker_name, key
  LIMIT $3
),
busy AS (
  SELECT t.session_key, count(*)::int AS running
  FROM run AS r
  JOIN task_instance AS t ON t.run_id = r.id
  WHERE r.state IN (1, 2) AND t.state IN (4, 5)
  GROUP BY t.session_key
)
SELECT page.*, coalesce(busy.running, 0) AS running
FROM page
LEFT JOIN busy ON busy.session_key = page.key
ORDER BY page.worker_name, page.key
