-- xcom_pull_keyed: like xcom_pull_returned, of the values that instances of tasks left under a key ($8). What instances left
-- that were removed since is left out.
-- Index: task_instance_pkey, xcom_pkey.
-- @param {BigInt[]} $1:runKeys
-- @param {Int[]} $2:ixs
-- @param {Int} $3:firstMapIx
-- @param {Int} $4:lastMapIx
-- @param {Int[]} $5:mapIxs
-- @param {Int} $6:limit
-- @param {BigInt} $7:bytesMax
-- @param {String} $8:key
WITH sized AS (
  SELECT asked.ord, x.run_id, x.ix, x.map_ix, octet_length(x.value) AS bytes
  FROM unnest($1::bigint[], $2::int[]) WITH ORDINALITY AS asked (run_id, ix, ord)
  JOIN task_instance AS t ON t.run_id = asked.run_id AND t.ix = asked.ix AND t.map_ix BETWEEN $3 AND $4
  JOIN xcom AS x ON x.run_id = t.run_id AND x.ix = t.ix AND x.map_ix = t.map_ix AND x.key = $8
  WHERE t.state <> 10 AND (cardinality($5::int[]) = 0 OR t.map_ix = ANY ($5::int[]))
  LIMIT $6
),
totals AS (SELECT count(*)::int AS count, coalesce(sum(bytes), 0)::bigint AS bytes FROM sized)
SELECT totals.count, totals.bytes, s.ord::int AS ord, s.map_ix, x.value
FROM totals
LEFT JOIN sized AS s ON totals.count < $6 AND totals.bytes <= $7::bigint
LEFT JOIN xcom AS x ON x.run_id = s.run_id AND x.ix = s.ix AND x.map_ix = s.map_ix AND x.key = $8
ORDER BY s.ord, s.map_ix
