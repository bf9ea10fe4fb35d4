-- session_find_dead: which of these sessions have ended, or have outlived their time. A missing row counts as ended.
-- Index: worker_session_pkey.
-- @param {Int[]} $1:keys
SELECT asked.key, s.key IS NULL OR s.ended_at IS NOT NULL AS has_ended
FROM unnest($1::int[]) AS asked (key)
LEFT JOIN worker_session AS s ON s.key = asked.key
WHERE s.key IS NULL OR s.ended_at IS NOT NULL OR s.expires_at <= clock_timestamp()
