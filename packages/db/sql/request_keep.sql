-- request_keep: keeps the answer to a request. Returns its id, nothing when the id is taken.
-- @param {String} $1:method
-- @param {String} $2:principal
-- @param {String} $3:requestId
-- @param {Bytes} $4:bodyHash
-- @param {Bytes} $5:answer
INSERT INTO request (method, principal, request_id, body_hash, answer)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
RETURNING request_id
