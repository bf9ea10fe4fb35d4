-- session_grant_amnesty: nobody was there to renew sessions that lived at $1, so they get a whole time to live again.
-- @param {DateTime} $1:lastAliveAt
-- @param {Int} $2:ttlMs
UPDATE worker_session
SET expires_at = clock_timestamp() + $2 * interval '1 millisecond'
WHERE ended_at IS NULL
  AND expires_at >= $1
  AND expires_at < clock_timestamp() + $2 * interval '1 millisecond'
