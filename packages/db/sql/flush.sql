-- flush: writes everything that changed in some runs, in one statement: all of it if the caller still owns the shards,
-- else nothing.
--
-- Guarantees. A finished row changes only while it is open and its attempt is the one reported, so a repeated or late flush
-- changes nothing. A started row is new, or follows the attempt before it, which moves to task_instance_attempt in the same
-- statement. What did not take effect is named in the answer. Two row writes for a task: its insert, and one HOT update.
--
-- Needs flush_fence before it in the same transaction. A row may appear once in a flush. Served by primary keys only, and by
-- nested loops only: a lane forbids the planner everything else, which may look cheap while the tables are small.
-- States: 2 scheduled, 4 running, 6 success, 7 failed, 8 skipped, 9 upstream_failed, 11 up_for_retry; of runs: 1 queued,
-- 2 running, 3 success, 4 failed.
--
-- @param $1-$2    shards and their epochs
-- @param $3-$11   finished: run_id, ix, map_ix, attempt, state, lost, retry_at, out, failure
-- @param $12-$19  started, and settled without a start: run_id, ix, map_ix, state, attempt, lost, session_key, ready_at
-- @param $20-$25  xcoms: ordinal of the finished row, run_id, ix, map_ix, key, value
-- @param $26-$30  run updates: id, state, revision, failure, is_cancel_requested
-- @param $31      counts of run updates, 14 for each
-- @param $32-$36  events: run_id, seq, run_state, first and last position of its changes in
-- @param $37      changes of all events
WITH fence AS MATERIALIZED (
  SELECT count(*) = cardinality($1::smallint[]) AS is_held, clock_timestamp() AS at
  FROM unnest($1::smallint[], $2::bigint[]) AS f (id, epoch)
  JOIN shard AS s ON s.id = f.id AND s.epoch = f.epoch
),
finished AS (
  UPDATE task_instance AS t
  SET state = v.state,
    lost = v.lost,
    ended_at = CASE WHEN v.state = 2 THEN coalesce(t.ended_at, (SELECT at FROM fence)) ELSE (SELECT at FROM fence) END,
    retry_at = v.retry_at,
    out = v.out,
    failure = CASE WHEN v.state IN (2, 7, 11) THEN coalesce(v.failure, t.failure) END
  FROM unnest(
    $3::bigint[], $4::int[], $5::int[], $6::smallint[], $7::smallint[], $8::smallint[], $9::timestamptz[],
    $10::bytea[], $11::bytea[]
  ) WITH ORDINALITY AS v (run_id, ix, map_ix, attempt, state, lost, retry_at, out, failure, ord)
  WHERE (SELECT is_held FROM fence)
    AND t.run_id = v.run_id AND t.ix = v.ix AND t.map_ix = v.map_ix
    AND t.attempt = v.attempt
    AND t.state <> v.state
    -- Open: running; given back, where a late result still counts; waiting to retry, which only ends or becomes ready.
    AND (t.state IN (2, 4) OR (t.state = 11 AND v.state IN (2, 7, 8, 9)))
  RETURNING v.ord
),
xcoms AS (
  INSERT INTO xcom (run_id, ix, map_ix, key, value)
  SELECT v.run_id, v.ix, v.map_ix, v.key, v.value
  FROM unnest($20::int[], $21::bigint[], $22::int[], $23::int[], $24::text[], $25::bytea[])
    AS v (finished_ord, run_id, ix, map_ix, key, value)
  WHERE v.finished_ord = ANY (ARRAY(SELECT ord FROM finished))
  ON CONFLICT (run_id, ix, map_ix, key) DO UPDATE SET value = EXCLUDED.value
),
archived AS (
  INSERT INTO task_instance_attempt (
    run_id, ix, map_ix, attempt, state, session_key, started_at, ended_at, failure
  )
  SELECT t.run_id, t.ix, t.map_ix, t.attempt, t.state, t.session_key, t.started_at, t.ended_at, t.failure
  FROM unnest($12::bigint[], $13::int[], $14::int[], $15::smallint[], $16::smallint[])
    AS v (run_id, ix, map_ix, state, attempt)
  JOIN task_instance AS t ON t.run_id = v.run_id AND t.ix = v.ix AND t.map_ix = v.map_ix
  WHERE (SELECT is_held FROM fence)
    AND v.state = 4 AND v.attempt > 1 AND t.attempt = v.attempt - 1 AND t.state IN (2, 11)
),
started AS (
  INSERT INTO task_instance AS t (
    run_id, ix, map_ix, state, attempt, lost, session_key, ready_at, started_at, ended_at
  )
  SELECT v.run_id, v.ix, v.map_ix, v.state, v.attempt, v.lost, v.session_key, v.ready_at,
    CASE WHEN v.state = 4 THEN (SELECT at FROM fence) END,
    CASE WHEN v.state <> 4 THEN (SELECT at FROM fence) END
  FROM unnest(
    $12::bigint[], $13::int[], $14::int[], $15::smallint[], $16::smallint[], $17::smallint[], $18::int[],
    $19::timestamptz[]
  ) AS v (run_id, ix, map_ix, state, attempt, lost, session_key, ready_at)
  WHERE (SELECT is_held FROM fence)
  ON CONFLICT (run_id, ix, map_ix) DO UPDATE
  SET state = 4, attempt = EXCLUDED.attempt, lost = EXCLUDED.lost, session_key = EXCLUDED.session_key,
    ready_at = EXCLUDED.ready_at, started_at = EXCLUDED.started_at, ended_at = NULL, retry_at = NULL, out = NULL,
    failure = NULL
  WHERE EXCLUDED.state = 4 AND t.attempt = EXCLUDED.attempt - 1 AND t.state IN (2, 11)
  RETURNING t.run_id, t.ix, t.map_ix
),
updated_run AS (
  UPDATE run AS r
  SET state = v.state,
    started_at = CASE WHEN v.state IN (2, 3) THEN coalesce(r.started_at, (SELECT at FROM fence)) ELSE r.started_at END,
    ended_at = CASE WHEN v.state IN (3, 4) THEN (SELECT at FROM fence) END,
    cancel_requested_at =
      CASE WHEN v.is_cancel_requested THEN coalesce(r.cancel_requested_at, (SELECT at FROM fence))
      ELSE r.cancel_requested_at END,
    failure = v.failure,
    counts = ($31::int[])[v.ord * 14 - 13 : v.ord * 14],
    revision = v.revision
  FROM unnest($26::bigint[], $27::smallint[], $28::bigint[], $29::bytea[], $30::boolean[])
    WITH ORDINALITY AS v (id, state, revision, failure, is_cancel_requested, ord)
  WHERE (SELECT is_held FROM fence)
    -- "+ 0" keeps the planner off the partial index of active runs.
    AND r.id = v.id AND r.state + 0 IN (1, 2) AND r.revision < v.revision
  RETURNING v.ord
),
written_event AS (
  INSERT INTO event (run_id, seq, at, run_state, changes)
  SELECT v.run_id, v.seq, (SELECT at FROM fence), v.run_state, ($37::int[])[v.first : v.last]
  FROM unnest($32::bigint[], $33::bigint[], $34::smallint[], $35::int[], $36::int[])
    AS v (run_id, seq, run_state, first, last)
  WHERE (SELECT is_held FROM fence)
  ON CONFLICT DO NOTHING
  RETURNING run_id
)
-- What took effect, or NULL for "all": the ordinary case is not spelt out. Ordinals, keys, ordinals, runs.
SELECT
  f.is_held,
  floor(extract(epoch FROM f.at) * 1000)::float8,
  CASE WHEN (SELECT count(*) FROM finished) < cardinality($3::bigint[])
    THEN ARRAY(SELECT ord::int FROM finished) END,
  CASE WHEN (SELECT count(*) FROM started) < cardinality($12::bigint[])
    THEN ARRAY(SELECT concat_ws(' ', run_id, ix, map_ix) FROM started) END,
  CASE WHEN (SELECT count(*) FROM updated_run) < cardinality($26::bigint[])
    THEN ARRAY(SELECT ord::int FROM updated_run) END,
  CASE WHEN (SELECT count(*) FROM written_event) < cardinality($32::bigint[])
    THEN ARRAY(SELECT run_id FROM written_event) END
FROM fence AS f;
