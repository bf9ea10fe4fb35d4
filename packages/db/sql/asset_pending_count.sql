-- asset_pending_count: for each asset or alias that a DAG waits for, how many events no run of it has used; counts no
-- further than the number needed. Rows in the order asked.
-- Index: asset_uri_key, asset_alias_pkey, asset_pending_pkey.
-- @param {String[]} $1:dagIds
-- @param {String[]} $2:uris empty for an alias
-- @param {String[]} $3:aliases empty for an asset
-- @param {Int[]} $4:needed
SELECT counted.n AS have
FROM unnest($1::text[], $2::text[], $3::text[], $4::int[]) WITH ORDINALITY AS v (dag_id, uri, alias, needed, ord)
CROSS JOIN LATERAL (
  SELECT count(*)::int AS n
  FROM (
    SELECT 1
    FROM (
      SELECT asset.id FROM asset WHERE asset.uri = v.uri
      UNION ALL
      SELECT l.asset_id FROM asset_alias AS l WHERE l.alias = v.alias
    ) AS a
    JOIN asset_pending AS p ON p.dag_id = v.dag_id AND p.asset_id = a.id
    LIMIT v.needed
  ) AS capped
) AS counted
ORDER BY v.ord
