-- rate_take: takes starts of a key, and forgets those that count no more. After rate_read.
-- @param {String} $1:key
-- @param {BigInt} $2:perMs
-- @param {BigInt} $3:slice
-- @param {Int} $4:taken
WITH old AS (DELETE FROM rate_start WHERE key = $1 AND per_ms = $2 AND slice < $3::bigint - 16)
INSERT INTO rate_start AS r (key, per_ms, slice, taken) VALUES ($1, $2, $3::bigint, $4)
ON CONFLICT (key, per_ms, slice) DO UPDATE SET taken = r.taken + EXCLUDED.taken
