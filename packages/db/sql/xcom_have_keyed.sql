-- xcom_have_keyed: which of these tasks have an instance that left something under a key ($6), by their places in $1 and $2,
-- from 1; with map indexes as in xcom_pull_returned.
-- Index: xcom_pkey, task_instance_pkey.
-- @param {BigInt[]} $1:runKeys
-- @param {Int[]} $2:ixs
-- @param {Int} $3:firstMapIx
-- @param {Int} $4:lastMapIx
-- @param {Int[]} $5:mapIxs
-- @param {String} $6:key
SELECT asked.ord::int AS ord
FROM unnest($1::bigint[], $2::int[]) WITH ORDINALITY AS asked (run_id, ix, ord)
WHERE EXISTS (
  SELECT FROM xcom AS x
  JOIN task_instance AS t ON t.run_id = x.run_id AND t.ix = x.ix AND t.map_ix = x.map_ix AND t.state <> 10
  WHERE x.run_id = asked.run_id AND x.ix = asked.ix AND x.map_ix BETWEEN $3 AND $4 AND x.key = $6
    AND (cardinality($5::int[]) = 0 OR x.map_ix = ANY ($5::int[]))
)
ORDER BY asked.ord
