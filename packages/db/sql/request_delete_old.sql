-- request_delete_old: forgets answers older than $1 days, oldest first, at most $2.
-- Index: request_age.
-- @param {Int} $1:days
-- @param {Int} $2:limit
DELETE FROM request
WHERE (method, principal, request_id) IN (
  SELECT method, principal, request_id FROM request
  WHERE at < clock_timestamp() - $1 * interval '1 day'
  ORDER BY at
  LIMIT $2
)
