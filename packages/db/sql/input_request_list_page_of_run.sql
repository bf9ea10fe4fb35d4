-- input_request_list_page_of_run: what people were asked in one run, in any of these states, newest first, before the
-- position ($3 to $6).
-- Index: input_request_pkey.
-- @param {BigInt} $1:runKey
-- @param {Int[]} $2:states
-- @param {BigInt} $3:beforeAskedUs? Microseconds since 1970
-- @param {Int} $4:beforeIx?
-- @param {Int} $5:beforeMapIx?
-- @param {Int} $6:beforeAttempt?
-- @param {Int} $7:limit
SELECT i.run_id, i.ix, i.map_ix, i.attempt, i.state, i.form, i.asked_at, i.timeout_at, i.ended_at, i.answered_by, i.answer,
       r.dag_id, r.dag_version_id, r.run_name, (extract(epoch FROM i.asked_at) * 1000000)::bigint AS asked_us
FROM input_request AS i
JOIN run AS r ON r.id = i.run_id
WHERE i.run_id = $1 AND i.state = ANY ($2::smallint[])
  AND ($3::bigint IS NULL
       OR (i.asked_at, i.ix, i.map_ix, i.attempt)
          < (timestamptz 'epoch' + $3 * interval '1 microsecond', $4::int, $5::int, $6::int))
ORDER BY i.asked_at DESC, i.ix DESC, i.map_ix DESC, i.attempt DESC
LIMIT $7
