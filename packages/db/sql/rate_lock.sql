-- rate_lock: those who take starts of a key wait for each other, until the transaction ends.
-- @param {String} $1:key
-- @param {BigInt} $2:perMs
SELECT pg_advisory_xact_lock(hashtextextended('rate ' || $2::bigint || ' ' || $1::text, 0))
