-- credential_trade: uses up a login token. Returns its row once, and never again.
-- @param {Bytes} $1:tokenHash
UPDATE credential SET used_at = clock_timestamp()
WHERE token_hash = $1 AND kind = 'login_token' AND used_at IS NULL AND expires_at > clock_timestamp()
RETURNING name, role
