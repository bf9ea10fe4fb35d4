-- asset_upsert: makes or renews the rows of assets that DAGs name. The newest DAG to say more than the uri has the word.
-- One registration at a time (asset_lock), rows in the order of their keys. Returns ids.
-- Index: asset_uri_key.
-- @param {Json} $1:assets [{uri, name, asset_group, extra}]
INSERT INTO asset AS a (uri, name, asset_group, extra, is_active)
SELECT v.uri, v.name, v.asset_group, v.extra, true
FROM jsonb_to_recordset($1::jsonb) AS v (uri text, name text, asset_group text, extra text)
ORDER BY v.uri
ON CONFLICT (uri) DO UPDATE
SET is_active = true,
    name = CASE WHEN excluded.name = excluded.uri THEN a.name ELSE excluded.name END,
    asset_group = CASE WHEN excluded.asset_group = 'asset' THEN a.asset_group ELSE excluded.asset_group END,
    extra = CASE WHEN excluded.extra = '' THEN a.extra ELSE excluded.extra END
RETURNING a.id, a.uri
