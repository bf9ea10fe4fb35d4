-- asset_named: the assets in use that have these names. Under asset_lock.
-- Index: asset_name.
-- @param {String[]} $1:names
SELECT a.name, a.uri FROM asset AS a WHERE a.name = ANY ($1::text[]) AND a.is_active
