-- session_get: one session, ended or not.
-- Index: worker_session's unique session_id.
-- @param {String} $1:sessionId
SELECT key, session_id, token_hash, worker_name, sdk, queues, handlers, runs_bundles, slots, ended_at
FROM worker_session
WHERE session_id = $1
