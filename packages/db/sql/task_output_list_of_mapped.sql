-- task_output_list_of_mapped: what the instances of a mapped task returned, in the order of their indexes, after $3 and below
-- $4; those that returned nothing are left out. Ends before the values are more than $5 bytes, but not before the first.
-- Index: task_instance_pkey.
-- @param {BigInt} $1:runKey
-- @param {Int} $2:ix
-- @param {Int} $3:afterMapIx
-- @param {Int} $4:endMapIx
-- @param {Int} $5:bytesMax
-- @param {Int} $6:limit
WITH sized AS (
  SELECT t.map_ix, octet_length(t.out) AS bytes
  FROM task_instance AS t
  WHERE t.run_id = $1 AND t.ix = $2 AND t.map_ix > $3 AND t.map_ix < $4 AND t.out IS NOT NULL
  ORDER BY t.map_ix
  LIMIT $6
),
page AS (
  SELECT map_ix FROM (
    SELECT map_ix, bytes, sum(bytes) OVER (ORDER BY map_ix) AS bytes_so_far FROM sized
  ) AS s
  WHERE bytes_so_far <= $5 OR bytes_so_far = bytes
)
SELECT t.map_ix, t.out
FROM page
JOIN task_instance AS t ON t.run_id = $1 AND t.ix = $2 AND t.map_ix = page.map_ix
ORDER BY t.map_ix
