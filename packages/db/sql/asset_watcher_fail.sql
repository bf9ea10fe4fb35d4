-- asset_watcher_fail: notes what is wrong with a watcher, until it tells something again.
-- Index: asset_watcher_pkey.
-- @param {Int} $1:id
-- @param {BigInt} $2:fires as they were when it was handed out
-- @param {Bytes} $3:failure millrace.v1.Failure
UPDATE asset_watcher SET failure = $3, failed_at = clock_timestamp() WHERE id = $1 AND fires = $2
