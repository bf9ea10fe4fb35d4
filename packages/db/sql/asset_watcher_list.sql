-- asset_watcher_list: what is to be watched for assets, by the owner of its shard.
-- Index: asset_watcher_of_shard, asset_watcher_use_of.
-- @param {Int[]} $1:shards
SELECT w.id, w.shard::int, a.uri, w.handler, w.queue, w.config, w.cursor, w.fires::float8 AS fires
FROM asset_watcher AS w
JOIN asset AS a ON a.id = w.asset_id
WHERE w.shard = ANY ($1::smallint[]) AND EXISTS (SELECT 1 FROM asset_watcher_use AS u WHERE u.watcher_id = w.id)
ORDER BY w.id
