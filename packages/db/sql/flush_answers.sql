-- flush_answers: stores the answers to requests that a flush carries out, in its transaction and only if it took place. A
-- request that has an answer keeps it.
-- Index: request_pkey, shard_pkey.
-- @param {Int[]} $1:shards of the flush
-- @param {BigInt[]} $2:epochs of theirs
-- @param {String[]} $3:methods
-- @param {String[]} $4:principals
-- @param {String[]} $5:requestIds
-- @param {Bytes[]} $6:bodyHashes
-- @param {Bytes[]} $7:answers
INSERT INTO request (method, principal, request_id, body_hash, answer)
SELECT v.method, v.principal, v.request_id, v.body_hash, v.answer
FROM unnest($3::text[], $4::text[], $5::text[], $6::bytea[], $7::bytea[])
  AS v (method, principal, request_id, body_hash, answer)
WHERE (
  SELECT count(*)
  FROM unnest($1::smallint[], $2::bigint[]) AS f (id, epoch)
  JOIN shard AS s ON s.id = f.id AND s.epoch = f.epoch
) = cardinality($1::smallint[])
ON CONFLICT DO NOTHING
