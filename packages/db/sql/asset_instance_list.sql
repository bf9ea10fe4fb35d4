-- asset_instance_list: which of these instances of assets are there, and since when: of each the first event with its key.
-- Index: asset_uri_key, asset_event_of_partition.
-- @param {String[]} $1:uris one for each key
-- @param {String[]} $2:partitionKeys
SELECT v.uri, v.partition_key, e.at
FROM unnest($1::text[], $2::text[]) AS v (uri, partition_key)
JOIN asset AS a ON a.uri = v.uri
CROSS JOIN LATERAL (
  SELECT e.at
  FROM asset_event AS e
  WHERE e.asset_id = a.id AND e.partition_key = v.partition_key
  ORDER BY e.id
  LIMIT 1
) AS e
