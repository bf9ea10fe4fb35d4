-- session_open: makes a session, or finds the one that the same request made before. Returns exactly one row.
-- @param {String} $1:sessionId
-- @param {Bytes} $2:tokenHash
-- @param {String} $3:requestId
-- @param {String} $4:workerName
-- @param {String} $5:sdk
-- @param {String[]} $6:queues
-- @param {String[]} $7:handlers
-- @param {Boolean} $8:runsBundles
-- @param {Int} $9:slots
-- @param {String} $10:nodeId
-- @param {Int} $11:ttlMs
INSERT INTO worker_session (session_id, token_hash, request_id, worker_name, sdk, queues, handlers, runs_bundles, slots,
                            node_id, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp() + $11 * interval '1 millisecond')
-- An update that changes nothing, so that the existing row comes back.
ON CONFLICT (request_id) DO UPDATE SET request_id = excluded.request_id
RETURNING key, session_id, token_hash, worker_name, sdk, queues, handlers, runs_bundles, slots, ended_at
