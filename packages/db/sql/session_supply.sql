-- session_supply: what live sessions serve and how many of their slots are taken, at most $1 of them: the evidence for
-- "no worker" and "no free slot".
-- Index: worker_session_live; run_active and task_instance_pkey for what runs.
-- @param {Int} $1:limit
WITH busy AS (
  SELECT t.session_key, count(*)::int AS running
  FROM run AS r
  JOIN task_instance AS t ON t.run_id = r.id
  WHERE r.state IN (1, 2) AND t.state IN (4, 5)
  GROUP BY t.session_key
)
SELECT s.key, s.worker_name, s.queues, s.handlers, s.runs_bundles, s.slots, coalesce(busy.running, 0) AS running
FROM worker_session AS s
LEFT JOIN busy ON busy.session_key = s.key
WHERE s.ended_at IS NULL AND s.expires_at > clock_timestamp()
ORDER BY s.expires_at DESC
LIMIT $1
