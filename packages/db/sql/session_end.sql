-- session_end: ends a session in order. Returns its key unless it had ended before.
-- @param {Int} $1:key
UPDATE worker_session SET ended_at = clock_timestamp() WHERE key = $1 AND ended_at IS NULL RETURNING key
