-- credential_find: the live credential with this hash, if there is one; login tokens do not count.
-- Index: credential's unique token_hash.
-- @param {Bytes} $1:tokenHash
SELECT id, kind, name, role, queues, expires_at
FROM credential
WHERE token_hash = $1
  AND kind <> 'login_token'
  AND (expires_at IS NULL OR expires_at > clock_timestamp())
