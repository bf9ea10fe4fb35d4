-- flush: writes everything that changed in some runs, in one statement: all of it if the caller still owns the shards,
-- else nothing.
--
-- Guarantees. What is written of a run comes with its next event, and an event is written once: a flush that is repeated,
-- or late behind another, fails on event_pkey and changes nothing. Rows are guarded besides: a finished row changes only
-- at the attempt that is named, and only as a task instance may; a started row is new, or follows the attempt before it.
-- An attempt whose place in the row is needed moves to task_instance_attempt in the same statement. Rows that did not take
-- effect are named in the answer. Two row writes for an ordinary task: its insert, and one HOT update.
--
-- Needs flush_fence before it in the same transaction. A task instance may appear once in a flush, and so may an expansion.
-- Served by primary keys only, and by nested loops only: a lane forbids the planner everything else, which may look cheap
-- while the tables are small. Most flushes are sent without the part between "rare" and "end of rare" and its parameters,
-- as a statement of its own: to set up a part costs as much as some rows.
-- States: 1 none, 2 scheduled, 4 running, 5 restarting, 6 success, 7 failed, 8 skipped, 9 upstream_failed, 10 removed,
-- 11 up_for_retry, 12 up_for_reschedule, 13 deferred, 14 awaiting_input; of runs: 1 queued, 2 running, 3 success, 4 failed.
--
-- @param $1-$2    shards and their epochs
-- @param $3-$8    events: run_id, seq, run_state, first and last position of its changes in the last; changes of all
-- @param $9-$23   finished: run_id, ix, map_ix, attempt, state, uncounted, losses, wait_until, is_marked, out, failure,
--                 lengths, choice, map_index_label, deferral
-- @param $24-$34  started, and settled without a start: run_id, ix, map_ix, state, attempt, uncounted, losses, session_key,
--                 ready_at, failure, choice
-- @param $35-$40  run updates: id, state, revision, failure, is_cancel_requested, is_reopened
-- @param $41      counts of run updates, 14 for each
-- @param $42-$47  rare: xcoms: ordinal of the finished row, run_id, ix, map_ix, key, value
-- @param $48-$50  rare: expansions: run_id, ix, length
-- @param $51-$52  rare: of started, and of finished that are cleared or removed: 13 or 14 when the attempt that leaves its
--                 row gave its slot back, which a row that is to go on does not tell
-- @param $53-$62  rare: input requests: ordinal of the finished row, run_id, ix, map_ix, attempt, state, form, timeout_at,
--                 answered_by, answer
-- @param $63-$70  rare: callbacks: run_id, ix, map_ix, attempt, event, ordinal, happened_at, cause
-- In the columns of finished and of started, arrays that are shorter than the first stand for NULLs at their ends.
WITH fence AS MATERIALIZED (
  SELECT count(*) = cardinality($1::smallint[]) AS is_held, clock_timestamp() AS at
  FROM unnest($1::smallint[], $2::bigint[]) AS f (id, epoch)
  JOIN shard AS s ON s.id = f.id AND s.epoch = f.epoch
),
written_event AS (
  INSERT INTO event (run_id, seq, at, run_state, changes)
  SELECT v.run_id, v.seq, (SELECT at FROM fence), v.run_state, ($8::int[])[v.first : v.last]
  FROM unnest($3::bigint[], $4::bigint[], $5::smallint[], $6::int[], $7::int[])
    AS v (run_id, seq, run_state, first, last)
  WHERE (SELECT is_held FROM fence)
),
finished AS (
  UPDATE task_instance AS t
  SET state = v.state,
    uncounted = v.uncounted,
    losses = v.losses,
    session_key = CASE WHEN v.state NOT IN (1, 10) THEN t.session_key END,
    ready_at = CASE WHEN v.state NOT IN (1, 10) THEN t.ready_at END,
    started_at = CASE WHEN v.state NOT IN (1, 10) THEN t.started_at END,
    ended_at = CASE
      WHEN v.state IN (1, 5) THEN NULL
      -- The attempt ended before: its wait is over, or a person corrects its outcome.
      WHEN v.state = 2 OR v.is_marked THEN coalesce(t.ended_at, (SELECT at FROM fence))
      ELSE (SELECT at FROM fence)
    END,
    wait_until = v.wait_until,
    out = v.out,
    failure = CASE WHEN v.state IN (2, 7, 11) THEN coalesce(v.failure, t.failure) END,
    lengths = v.lengths::int[],
    choice = v.choice::text[],
    -- What a body goes on with stays until the attempt that does has ended, even if that one is lost.
    deferral = CASE
      WHEN v.state = 2 THEN coalesce(v.deferral, t.deferral)
      WHEN v.state IN (13, 14) THEN v.deferral
      WHEN v.state = 11 AND v.losses > t.losses THEN t.deferral
    END,
    map_index_label = CASE WHEN v.state NOT IN (1, 10) THEN coalesce(v.map_index_label, t.map_index_label) END
  FROM unnest(
    $9::bigint[], $10::int[], $11::int[], $12::int[], $13::smallint[], $14::int[], $15::smallint[], $16::timestamptz[],
    $17::boolean[], $18::bytea[], $19::bytea[], $20::text[], $21::text[], $22::text[], $23::bytea[]
  ) WITH ORDINALITY AS v (
    run_id, ix, map_ix, attempt, state, uncounted, losses, wait_until, is_marked, out, failure, lengths, choice,
    map_index_label, deferral, ord
  )
  WHERE (SELECT is_held FROM fence)
    AND t.run_id = v.run_id AND t.ix = v.ix AND t.map_ix = v.map_ix
    AND t.attempt = v.attempt
    -- While it waits after a second loss, its last worker may report yet: a failure makes it wait again.
    AND (t.state <> v.state OR (v.state = 11 AND t.losses > 1))
    AND CASE v.state
      -- Cleared. What runs is restarting first.
      WHEN 1 THEN t.state <> 4
      -- Lost, given back, or its wait is over.
      WHEN 2 THEN t.state IN (4, 11, 12, 13, 14)
      WHEN 5 THEN t.state = 4
      -- Outcomes of a body: it runs, or was lost or given back and nobody else has it yet. Or of what it waited for. Or a
      -- person says so, whatever it was.
      WHEN 6 THEN t.state IN (2, 4, 13, 14) OR (t.state = 11 AND t.losses > 1) OR v.is_marked
      WHEN 11 THEN t.state IN (2, 4, 13, 14) OR (t.state = 11 AND t.losses > 1)
      WHEN 12 THEN t.state IN (2, 4) OR (t.state = 11 AND t.losses > 1)
      WHEN 13 THEN t.state IN (2, 4) OR (t.state = 11 AND t.losses > 1)
      WHEN 14 THEN t.state IN (2, 4) OR (t.state = 11 AND t.losses > 1)
      -- Also without a body, of what is not final: a cancel, a time limit, what came before it.
      WHEN 7 THEN t.state IN (1, 2, 4, 5, 11, 12, 13, 14) OR v.is_marked
      WHEN 8 THEN t.state IN (1, 2, 4, 5, 11, 12, 13, 14) OR v.is_marked
      WHEN 9 THEN t.state IN (1, 2, 11, 12, 13, 14)
      -- What it was about is gone, whatever it does.
      WHEN 10 THEN true
    END
  RETURNING v.ord
),
started AS (
  INSERT INTO task_instance AS t (
    run_id, ix, map_ix, state, attempt, uncounted, losses, session_key, ready_at, started_at, ended_at, failure, choice
  )
  SELECT v.run_id, v.ix, v.map_ix, v.state, v.attempt, v.uncounted, v.losses, v.session_key, v.ready_at,
    CASE WHEN v.state = 4 THEN (SELECT at FROM fence) END,
    CASE WHEN v.state NOT IN (1, 4) THEN (SELECT at FROM fence) END,
    v.failure, v.choice::text[]
  FROM unnest(
    $24::bigint[], $25::int[], $26::int[], $27::smallint[], $28::int[], $29::int[], $30::smallint[], $31::int[],
    $32::timestamptz[], $33::bytea[], $34::text[]
  ) AS v (run_id, ix, map_ix, state, attempt, uncounted, losses, session_key, ready_at, failure, choice)
  WHERE (SELECT is_held FROM fence)
  ON CONFLICT (run_id, ix, map_ix) DO UPDATE
  SET state = EXCLUDED.state, attempt = EXCLUDED.attempt, uncounted = EXCLUDED.uncounted, losses = EXCLUDED.losses,
    session_key = EXCLUDED.session_key, ready_at = EXCLUDED.ready_at,
    -- After a wait for the next look the try goes on: it began with its first look. So it does after a deferral, which
    -- stays in the row.
    started_at = CASE WHEN t.state = 12 OR t.deferral IS NOT NULL THEN t.started_at ELSE EXCLUDED.started_at END,
    ended_at = EXCLUDED.ended_at, wait_until = NULL, out = NULL, failure = EXCLUDED.failure, lengths = NULL,
    choice = EXCLUDED.choice
  WHERE CASE EXCLUDED.state
    WHEN 4 THEN t.attempt = EXCLUDED.attempt - 1 AND t.state IN (1, 2, 11, 12)
    -- It never started, so nothing but the order of events says what comes after what.
    ELSE t.attempt = 0 AND t.state <> EXCLUDED.state
  END
  RETURNING t.run_id, t.ix, t.map_ix, t.attempt > 1 AND t.deferral IS NULL AS is_another
),
updated_run AS (
  UPDATE run AS r
  SET state = v.state,
    queued_at = CASE WHEN v.is_reopened THEN (SELECT at FROM fence) ELSE r.queued_at END,
    started_at = CASE
      WHEN v.state IN (2, 3) AND (v.is_reopened OR r.started_at IS NULL) THEN (SELECT at FROM fence)
      WHEN NOT v.is_reopened THEN r.started_at
    END,
    -- A person who corrects the result of a final run does not change when it ended.
    ended_at = CASE
      WHEN v.state NOT IN (3, 4) THEN NULL
      WHEN v.is_reopened OR r.ended_at IS NULL THEN (SELECT at FROM fence)
      ELSE r.ended_at
    END,
    cancel_requested_at = CASE
      WHEN v.is_cancel_requested AND (v.is_reopened OR r.cancel_requested_at IS NULL) THEN (SELECT at FROM fence)
      WHEN NOT v.is_reopened THEN r.cancel_requested_at
    END,
    reopen_count = r.reopen_count + v.is_reopened::int,
    failure = v.failure,
    counts = ($41::int[])[v.ord * 14 - 13 : v.ord * 14],
    revision = v.revision
  FROM unnest($35::bigint[], $36::smallint[], $37::bigint[], $38::bytea[], $39::boolean[], $40::boolean[])
    WITH ORDINALITY AS v (id, state, revision, failure, is_cancel_requested, is_reopened, ord)
  WHERE (SELECT is_held FROM fence)
    AND r.id = v.id AND r.revision < v.revision
    -- A run goes from queued to running to an end, and stays there until it is opened again. "+ 0" keeps the planner off
    -- the partial index of active runs.
    AND CASE WHEN v.is_reopened THEN r.state + 0 IN (3, 4) ELSE v.state >= least(r.state + 0, 3) END
  RETURNING v.ord
)
-- rare: history, values under keys, mapped tasks, forms, callbacks.
, archived AS (
  INSERT INTO task_instance_attempt (
    run_id, ix, map_ix, attempt, state, session_key, started_at, ended_at, failure
  )
  SELECT t.run_id, t.ix, t.map_ix, t.attempt,
    CASE t.state WHEN 4 THEN 5 WHEN 2 THEN coalesce(v.waited, 2) ELSE t.state END,
    t.session_key, t.started_at, coalesce(t.ended_at, (SELECT at FROM fence)), coalesce(t.failure, v.failure)
  FROM (
    -- Its successor is granted. After a wait for the next look the same try goes on, and nothing is archived.
    SELECT s.run_id, s.ix, s.map_ix, s.attempt - 1 AS attempt, NULL::bytea AS failure, '{2,11}'::smallint[] AS states,
      s.waited
    FROM unnest($24::bigint[], $25::int[], $26::int[], $27::smallint[], $28::int[], $51::smallint[])
      AS s (run_id, ix, map_ix, state, attempt, waited)
    WHERE s.state = 4 AND s.attempt > 1
    UNION ALL
    -- It is cleared, or removed.
    SELECT f.run_id, f.ix, f.map_ix, f.attempt, f.failure,
      CASE f.state WHEN 10 THEN '{2,4,5,6,7,8,9,11,12,13,14}' ELSE '{2,5,6,7,8,9,11,12,13,14}' END::smallint[],
      f.waited
    FROM unnest(
      $9::bigint[], $10::int[], $11::int[], $12::int[], $13::smallint[], $19::bytea[], $52::smallint[]
    ) AS f (run_id, ix, map_ix, attempt, state, failure, waited)
    WHERE f.state IN (1, 10)
  ) AS v
  JOIN task_instance AS t ON t.run_id = v.run_id AND t.ix = v.ix AND t.map_ix = v.map_ix
  WHERE (SELECT is_held FROM fence)
    AND t.attempt = v.attempt AND t.state = ANY (v.states) AND t.started_at IS NOT NULL
)
, xcoms AS (
  INSERT INTO xcom (run_id, ix, map_ix, key, value)
  SELECT v.run_id, v.ix, v.map_ix, v.key, v.value
  FROM unnest($42::int[], $43::bigint[], $44::int[], $45::int[], $46::text[], $47::bytea[])
    AS v (finished_ord, run_id, ix, map_ix, key, value)
  WHERE (v.finished_ord::bigint IN (SELECT ord FROM finished)) IS TRUE
  ON CONFLICT (run_id, ix, map_ix, key) DO UPDATE SET value = EXCLUDED.value
)
, purged AS (
  -- A new attempt begins with no values of those before it, unless it goes on after a deferral.
  DELETE FROM xcom AS x
  USING started AS s
  WHERE s.is_another AND x.run_id = s.run_id AND x.ix = s.ix AND x.map_ix = s.map_ix
)
, expanded AS (
  INSERT INTO expansion AS e (run_id, ix, length)
  SELECT v.run_id, v.ix, v.length
  FROM unnest($48::bigint[], $49::int[], $50::int[]) AS v (run_id, ix, length)
  WHERE (SELECT is_held FROM fence)
  ON CONFLICT (run_id, ix) DO UPDATE SET length = EXCLUDED.length WHERE e.length <> EXCLUDED.length
)
, asked AS (
  INSERT INTO input_request (run_id, ix, map_ix, attempt, form, asked_at, timeout_at)
  SELECT v.run_id, v.ix, v.map_ix, v.attempt, v.form, (SELECT at FROM fence), v.timeout_at
  FROM unnest(
    $53::int[], $54::bigint[], $55::int[], $56::int[], $57::int[], $58::smallint[], $59::bytea[], $60::timestamptz[]
  ) AS v (finished_ord, run_id, ix, map_ix, attempt, state, form, timeout_at)
  WHERE v.state = 1 AND (v.finished_ord::bigint IN (SELECT ord FROM finished)) IS TRUE
  ON CONFLICT DO NOTHING
)
, asked_no_more AS (
  UPDATE input_request AS r
  SET state = v.state, ended_at = (SELECT at FROM fence), answered_by = v.answered_by, answer = v.answer
  FROM unnest(
    $53::int[], $54::bigint[], $55::int[], $56::int[], $57::int[], $58::smallint[], $61::text[], $62::bytea[]
  ) AS v (finished_ord, run_id, ix, map_ix, attempt, state, answered_by, answer)
  WHERE v.state > 1 AND (v.finished_ord::bigint IN (SELECT ord FROM finished)) IS TRUE
    AND r.run_id = v.run_id AND r.ix = v.ix AND r.map_ix = v.map_ix AND r.attempt = v.attempt
    -- "+ 0" keeps the planner off the partial index of open ones.
    AND r.state + 0 = 1
)
, called_back AS (
  -- The same thing may happen again to what was opened again: then it is to be told anew.
  INSERT INTO callback_delivery (run_id, ix, map_ix, attempt, event, ordinal, happened_at, cause)
  SELECT v.run_id, v.ix, v.map_ix, v.attempt, v.event, v.ordinal, v.happened_at, v.cause
  FROM unnest(
    $63::bigint[], $64::int[], $65::int[], $66::int[], $67::smallint[], $68::smallint[], $69::timestamptz[], $70::bytea[]
  ) AS v (run_id, ix, map_ix, attempt, event, ordinal, happened_at, cause)
  WHERE (SELECT is_held FROM fence)
  ON CONFLICT (run_id, ix, map_ix, attempt, event, ordinal) DO UPDATE
  SET state = 1, tries = 0, happened_at = EXCLUDED.happened_at, next_try_at = NULL, ended_at = NULL,
    cause = EXCLUDED.cause, failure = NULL
)
, untriggered AS (
  -- A task instance that is cleared, or removed, finds the runs no more that it triggered in other DAGs.
  UPDATE run_trigger AS r
  SET is_current = false
  FROM unnest($9::bigint[], $10::int[], $11::int[], $13::smallint[]) AS v (run_id, ix, map_ix, state)
  WHERE v.state IN (1, 10) AND (SELECT is_held FROM fence)
    AND r.parent_run_id = v.run_id AND r.ix = v.ix AND r.map_ix = v.map_ix AND r.is_current
)
-- end of rare
-- What took effect, or NULL for "all": the ordinary case is not spelt out. Ordinals, keys, ordinals.
SELECT
  f.is_held,
  floor(extract(epoch FROM f.at) * 1000)::float8,
  CASE WHEN (SELECT count(*) FROM finished) < cardinality($9::bigint[])
    THEN ARRAY(SELECT ord::int FROM finished) END,
  CASE WHEN (SELECT count(*) FROM started) < cardinality($24::bigint[])
    THEN ARRAY(SELECT concat_ws(' ', run_id, ix, map_ix) FROM started) END,
  CASE WHEN (SELECT count(*) FROM updated_run) < cardinality($35::bigint[])
    THEN ARRAY(SELECT ord::int FROM updated_run) END
FROM fence AS f;
