-- asset_deactivate_unused: assets that no active DAG names, and that were named for no alias in use, are in use no more.
-- Their events stay. Under asset_lock.
-- Index: asset_use_of_asset, asset_use_of_alias, asset_alias_of.
UPDATE asset AS a
SET is_active = false
WHERE a.is_active
  AND NOT EXISTS (SELECT 1 FROM asset_use AS u WHERE u.asset_id = a.id AND u.asset_id > 0)
  AND NOT EXISTS (
    SELECT 1
    FROM asset_alias AS l
    JOIN asset_use AS u ON u.alias = l.alias AND u.alias <> ''
    WHERE l.asset_id = a.id
  )
