-- asset_event_read_page: events for a body: those that its run was made of ($1), those of an asset ($2), or those that were
-- named for an alias ($3). By id, after or below $6.
-- Index: run_asset_event_pkey, asset_event_of_asset, asset_alias_pkey.
-- @param {BigInt} $1:madeRunId?
-- @param {String} $2:uri?
-- @param {String} $3:alias?
-- @param {DateTime} $4:since?
-- @param {DateTime} $5:before?
-- @param {BigInt} $6:afterId
-- @param {Boolean} $7:newestFirst
-- @param {Int} $8:limit
SELECT e.id, a.uri, a.name, e.at, e.extra, e.source, e.dag_id, e.run_id, r.run_name, e.task_id, e.map_ix, e.aliases,
  e.created_by, e.partition_key
FROM asset_event AS e
JOIN asset AS a ON a.id = e.asset_id
LEFT JOIN run AS r ON r.id = e.run_id
WHERE CASE WHEN $7 THEN e.id < $6 ELSE e.id > $6 END
  AND ($1::bigint IS NULL OR e.id IN (SELECT m.event_id FROM run_asset_event AS m WHERE m.run_id = $1))
  AND ($2::text IS NULL OR e.asset_id = (SELECT one.id FROM asset AS one WHERE one.uri = $2))
  AND (
    $3::text IS NULL
    OR (e.asset_id IN (SELECT l.asset_id FROM asset_alias AS l WHERE l.alias = $3) AND $3 = ANY (e.aliases))
  )
  AND ($4::timestamptz IS NULL OR e.at >= $4)
  AND ($5::timestamptz IS NULL OR e.at < $5)
ORDER BY CASE WHEN $7 THEN -e.id ELSE e.id END
LIMIT $8
