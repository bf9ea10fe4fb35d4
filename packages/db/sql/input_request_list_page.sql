-- input_request_list_page: what people were asked, in any of these states, newest first, before the position ($3 to $7).
-- Index: input_request_newest, a walk for each state; run_pkey.
-- @param {Int[]} $1:states
-- @param {String} $2:dagId? Only of this DAG
-- @param {BigInt} $3:beforeAskedUs? Microseconds since 1970
-- @param {BigInt} $4:beforeRunKey?
-- @param {Int} $5:beforeIx?
-- @param {Int} $6:beforeMapIx?
-- @param {Int} $7:beforeAttempt?
-- @param {Int} $8:limit
SELECT page.*, (extract(epoch FROM page.asked_at) * 1000000)::bigint AS asked_us
FROM unnest($1::smallint[]) AS wanted (state)
CROSS JOIN LATERAL (
  SELECT i.run_id, i.ix, i.map_ix, i.attempt, i.state, i.form, i.asked_at, i.timeout_at, i.ended_at, i.answered_by, i.answer,
         r.dag_id, r.dag_version_id, r.run_name
  FROM input_request AS i
  JOIN run AS r ON r.id = i.run_id
  WHERE i.state = wanted.state
    AND ($2::text IS NULL OR r.dag_id = $2)
    AND ($3::bigint IS NULL
         OR (i.asked_at, i.run_id, i.ix, i.map_ix, i.attempt)
            < (timestamptz 'epoch' + $3 * interval '1 microsecond', $4::bigint, $5::int, $6::int, $7::int))
  ORDER BY i.asked_at DESC, i.run_id DESC, i.ix DESC, i.map_ix DESC, i.attempt DESC
  LIMIT $8
) AS page
ORDER BY page.asked_at DESC, page.run_id DESC, page.ix DESC, page.map_ix DESC, page.attempt DESC
LIMIT $8
