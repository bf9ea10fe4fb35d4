-- asset_watcher_of: what is watched for an asset, and how that goes.
-- Index: asset_watcher_once, asset_watcher_use_of.
-- @param {Int} $1:assetId
SELECT w.handler, w.queue, w.summary, w.fired_at, w.failure, w.failed_at
FROM asset_watcher AS w
WHERE w.asset_id = $1 AND EXISTS (SELECT 1 FROM asset_watcher_use AS u WHERE u.watcher_id = w.id)
ORDER BY w.id
LIMIT 100
