-- pool_page: pools with what is used of them, by name.
-- @param {String} $1:after the name that the page begins after
-- @param {Int} $2:limit
-- @param {String} $3:only one name, or null
SELECT p.name, p.slots, p.description, p.include_deferred, p.created_at,
  coalesce(sum(g.running), 0)::int AS running, coalesce(sum(g.deferred), 0)::int AS deferred,
  coalesce(sum(g.waiting), 0)::int AS waiting, coalesce(sum(g.slots), 0)::int AS granted
FROM pool AS p
LEFT JOIN pool_grant AS g ON g.pool = p.name
WHERE p.name > $1 AND ($3::text IS NULL OR p.name = $3)
GROUP BY p.name
ORDER BY p.name
LIMIT $2
