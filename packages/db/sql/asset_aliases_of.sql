-- asset_aliases_of: aliases that an asset was named for.
-- Index: asset_alias_of.
-- @param {Int} $1:assetId
-- @param {Int} $2:limit
SELECT alias FROM asset_alias WHERE asset_id = $1 ORDER BY alias LIMIT $2
