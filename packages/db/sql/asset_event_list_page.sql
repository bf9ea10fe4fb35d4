-- asset_event_list_page: events, newest first, below $8.
-- Index: asset_event_pkey; with an asset asset_event_of_asset, with a run asset_event_of_run or run_asset_event_pkey.
-- @param {Int} $1:assetId?
-- @param {String} $2:sourceDagId?
-- @param {BigInt} $3:sourceRunId?
-- @param {BigInt} $4:madeRunId?
-- @param {String} $5:sourceTaskId?
-- @param {DateTime} $6:since?
-- @param {DateTime} $7:before?
-- @param {BigInt} $8:belowId
-- @param {Int} $9:limit
SELECT e.id, a.uri, a.name, e.at, e.extra, e.source, e.dag_id, e.run_id, r.run_name, e.task_id, e.map_ix, e.aliases,
  e.created_by, e.partition_key
FROM asset_event AS e
JOIN asset AS a ON a.id = e.asset_id
LEFT JOIN run AS r ON r.id = e.run_id
WHERE e.id < $8
  AND ($1::int IS NULL OR e.asset_id = $1)
  AND ($2::text IS NULL OR e.dag_id = $2)
  AND ($3::bigint IS NULL OR e.run_id = $3)
  AND ($4::bigint IS NULL OR e.id IN (SELECT m.event_id FROM run_asset_event AS m WHERE m.run_id = $4))
  AND ($5::text IS NULL OR e.task_id = $5)
  AND ($6::timestamptz IS NULL OR e.at >= $6)
  AND ($7::timestamptz IS NULL OR e.at < $7)
ORDER BY e.id DESC
LIMIT $9
