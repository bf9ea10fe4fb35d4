-- credential_young_session: the id of a live console session that began at most $2 ms ago.
-- Index: credential's unique token_hash.
-- @param {Bytes} $1:tokenHash
-- @param {Int} $2:ageMs
SELECT id
FROM credential
WHERE token_hash = $1 AND kind = 'console_session' AND expires_at > clock_timestamp()
  AND created_at > clock_timestamp() - $2 * interval '1 millisecond'
