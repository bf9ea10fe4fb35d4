-- callback_delivery_list_page: callbacks of a run and its tasks, newest first, after the position ($3 .. $8).
-- Index: callback_delivery_pkey.
-- @param {BigInt} $1:runKey
-- @param {Int} $2:ix? Only of this task; -1 for those of the run
-- @param {BigInt} $3:happenedUs? Microseconds since 1970
-- @param {Int} $4:beforeIx?
-- @param {Int} $5:beforeMapIx?
-- @param {Int} $6:beforeAttempt?
-- @param {Int} $7:beforeEvent?
-- @param {Int} $8:beforeOrdinal?
-- @param {Int} $9:limit
SELECT d.ix, d.map_ix, d.attempt, d.event, d.ordinal, d.state, d.tries, d.happened_at, d.next_try_at, d.ended_at, d.failure,
       (extract(epoch FROM d.happened_at) * 1000000)::bigint AS happened_us
FROM callback_delivery AS d
WHERE d.run_id = $1
  AND ($2::int IS NULL OR d.ix = $2)
  AND ($3::bigint IS NULL
       OR (d.happened_at, d.ix, d.map_ix, d.attempt, d.event, d.ordinal)
          < (timestamptz 'epoch' + $3 * interval '1 microsecond', $4::int, $5::int, $6::int, $7::smallint, $8::smallint))
ORDER BY d.happened_at DESC, d.ix DESC, d.map_ix DESC, d.attempt DESC, d.event DESC, d.ordinal DESC
LIMIT $9
