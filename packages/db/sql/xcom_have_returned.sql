-- xcom_have_returned: which of these tasks have an instance that returned something, by their places in $1 and $2, from 1;
-- with map indexes as in xcom_pull_returned.
-- Index: task_instance_pkey.
-- @param {BigInt[]} $1:runKeys
-- @param {Int[]} $2:ixs
-- @param {Int} $3:firstMapIx
-- @param {Int} $4:lastMapIx
-- @param {Int[]} $5:mapIxs
SELECT asked.ord::int AS ord
FROM unnest($1::bigint[], $2::int[]) WITH ORDINALITY AS asked (run_id, ix, ord)
WHERE EXISTS (
  SELECT FROM task_instance AS t
  WHERE t.run_id = asked.run_id AND t.ix = asked.ix AND t.map_ix BETWEEN $3 AND $4 AND t.out IS NOT NULL
    AND (cardinality($5::int[]) = 0 OR t.map_ix = ANY ($5::int[]))
)
ORDER BY asked.ord
