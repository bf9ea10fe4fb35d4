-- xcom_pull_returned: what instances of tasks returned: of those whose map index is from $3 to $4 and, unless $5 is empty,
-- in $5. `ord` is the place of the task in $1 and $2, from 1. Each row has the number and the bytes of all of them, as far
-- as $6 rows were counted; there are no values, but one row, when these are more than $6 - 1 or $7.
-- Index: task_instance_pkey.
-- @param {BigInt[]} $1:runKeys
-- @param {Int[]} $2:ixs
-- @param {Int} $3:firstMapIx
-- @param {Int} $4:lastMapIx
-- @param {Int[]} $5:mapIxs
-- @param {Int} $6:limit
-- @param {BigInt} $7:bytesMax
WITH sized AS (
  SELECT asked.ord, t.run_id, t.ix, t.map_ix, octet_length(t.out) AS bytes
  FROM unnest($1::bigint[], $2::int[]) WITH ORDINALITY AS asked (run_id, ix, ord)
  JOIN task_instance AS t ON t.run_id = asked.run_id AND t.ix = asked.ix AND t.map_ix BETWEEN $3 AND $4
  WHERE t.out IS NOT NULL AND (cardinality($5::int[]) = 0 OR t.map_ix = ANY ($5::int[]))
  LIMIT $6
),
totals AS (SELECT count(*)::int AS count, coalesce(sum(bytes), 0)::bigint AS bytes FROM sized)
SELECT totals.count, totals.bytes, s.ord::int AS ord, s.map_ix, t.out AS value
FROM totals
LEFT JOIN sized AS s ON totals.count < $6 AND totals.bytes <= $7::bigint
LEFT JOIN task_instance AS t ON t.run_id = s.run_id AND t.ix = s.ix AND t.map_ix = s.map_ix
ORDER BY s.ord, s.map_ix
