-- session_count_live: how many worker sessions are alive.
-- Index: worker_session_live.
SELECT count(*)::int AS live FROM worker_session WHERE ended_at IS NULL AND expires_at > clock_timestamp()
