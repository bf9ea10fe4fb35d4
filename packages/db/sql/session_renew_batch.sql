-- session_renew_batch: keeps sessions alive, all in one statement. Returns the keys that are alive.
-- A session past its time that nobody has ended yet lives on: its attempts were given to nobody else.
-- Index: worker_session_pkey.
-- @param {Int[]} $1:keys
-- @param {String} $2:nodeId
-- @param {Int} $3:ttlMs
UPDATE worker_session AS s
SET renewed_at = clock_timestamp(),
    expires_at = clock_timestamp() + $3 * interval '1 millisecond',
    node_id = $2
FROM (SELECT key FROM unnest($1::int[]) AS key ORDER BY key) AS renewed
WHERE s.key = renewed.key AND s.ended_at IS NULL
RETURNING s.key
