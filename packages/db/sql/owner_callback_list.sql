-- owner_callback_list: deliveries that are pending, of runs of shards, after the position ($3 .. $8); or those of $2.
-- Index: callback_delivery_pending, run_pkey.
-- @param {Int[]} $1:shards
-- @param {BigInt[]} $2:runKeys? Only of these
-- @param {BigInt} $3:afterRunKey
-- @param {Int} $4:afterIx
-- @param {Int} $5:afterMapIx
-- @param {Int} $6:afterAttempt
-- @param {Int} $7:afterEvent
-- @param {Int} $8:afterOrdinal
-- @param {Int} $9:limit
SELECT d.run_id, d.ix, d.map_ix, d.attempt, d.event, d.ordinal, d.tries, d.happened_at, d.next_try_at,
       r.shard, r.dag_id, r.dag_version_id
FROM callback_delivery AS d
JOIN run AS r ON r.id = d.run_id
WHERE d.state = 1
  AND r.shard = ANY ($1::smallint[])
  AND ($2::bigint[] IS NULL OR d.run_id = ANY ($2))
  AND d.run_id >= $3
  AND (d.run_id, d.ix, d.map_ix, d.attempt, d.event, d.ordinal)
      > ($3::bigint, $4::int, $5::int, $6::int, $7::smallint, $8::smallint)
ORDER BY d.run_id, d.ix, d.map_ix, d.attempt, d.event, d.ordinal
LIMIT $9
