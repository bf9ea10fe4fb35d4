-- session_supply: what live sessions serve, at most $1 of them: the evidence for "no worker" and "no free slot".
-- Index: worker_session_live.
-- @param {Int} $1:limit
SELECT key, worker_name, queues, handlers, runs_bundles, slots
FROM worker_session
WHERE ended_at IS NULL AND expires_at > clock_timestamp()
ORDER BY expires_at DESC
LIMIT $1
