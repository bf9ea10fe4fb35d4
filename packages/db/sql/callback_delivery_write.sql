-- callback_delivery_write: what came of tries of deliveries. Answers the ordinals of those it applies to: pending ones of
-- the same happening, whose shard the caller owns.
-- Index: callback_delivery_pkey, shard_pkey.
-- @param {BigInt[]} $1:runKeys
-- @param {Int[]} $2:ixs
-- @param {Int[]} $3:mapIxs
-- @param {Int[]} $4:attempts
-- @param {Int[]} $5:events
-- @param {Int[]} $6:ordinals
-- @param {DateTime[]} $7:happenedAt
-- @param {Int[]} $8:shards
-- @param {BigInt[]} $9:epochs
-- @param {Int[]} $10:states
-- @param {Int[]} $11:tries
-- @param {DateTime[]} $12:nextTryAt
-- @param {Bytes[]} $13:failures
UPDATE callback_delivery AS d
SET state = v.state,
  tries = v.tries,
  next_try_at = v.next_try_at,
  ended_at = CASE WHEN v.state <> 1 THEN clock_timestamp() END,
  failure = v.failure
FROM unnest(
  $1::bigint[], $2::int[], $3::int[], $4::int[], $5::smallint[], $6::smallint[], $7::timestamptz[], $8::smallint[],
  $9::bigint[], $10::smallint[], $11::int[], $12::timestamptz[], $13::bytea[]
) WITH ORDINALITY AS v (
  run_id, ix, map_ix, attempt, event, ordinal, happened_at, shard, epoch, state, tries, next_try_at, failure, ord
)
JOIN shard AS s ON s.id = v.shard AND s.epoch = v.epoch
WHERE d.run_id = v.run_id AND d.ix = v.ix AND d.map_ix = v.map_ix AND d.attempt = v.attempt
  AND d.event = v.event AND d.ordinal = v.ordinal AND d.happened_at = v.happened_at AND d.state = 1
RETURNING v.ord::int
