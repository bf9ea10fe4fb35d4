-- credential_slide: a console session that is used lives on.
-- @param {Int} $1:id
-- @param {Int} $2:ttlMs
UPDATE credential SET expires_at = clock_timestamp() + $2 * interval '1 millisecond'
WHERE id = $1 AND kind = 'console_session' AND expires_at > clock_timestamp()
