-- rate_read: the starts of a key that still count, by part of its length of time. After rate_lock, as a statement of its own.
-- @param {String} $1:key
-- @param {BigInt} $2:perMs
-- @param {BigInt} $3:sliceMs
SELECT n.slice AS now_slice, floor(extract(epoch FROM n.at) * 1000)::float8 AS now, r.slice, r.taken
FROM (
  SELECT c.at, floor(extract(epoch FROM c.at) * 1000 / $3::bigint)::bigint AS slice
  FROM (SELECT clock_timestamp() AS at) AS c
) AS n
LEFT JOIN rate_start AS r ON r.key = $1 AND r.per_ms = $2 AND r.slice >= n.slice - 16
ORDER BY r.slice
