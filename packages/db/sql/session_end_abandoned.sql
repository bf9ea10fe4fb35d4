-- session_end_abandoned: ends sessions that nobody has renewed for $1 ms beyond their time, at most $2.
-- Their attempts were given back long before; this keeps the index of live sessions small.
-- Index: worker_session_live.
-- @param {BigInt} $1:overdueMs
-- @param {Int} $2:limit
UPDATE worker_session AS s
SET ended_at = clock_timestamp()
FROM (
  SELECT key FROM worker_session
  WHERE ended_at IS NULL AND expires_at < clock_timestamp() - $1::bigint * interval '1 millisecond'
  ORDER BY expires_at
  LIMIT $2
  FOR UPDATE SKIP LOCKED
) AS due
WHERE s.key = due.key
