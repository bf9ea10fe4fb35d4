-- deadline_mark: a deadline is at risk (state 2), or missed (state 3), and its callbacks are to run. Answers a row when that
-- is news: it was as the caller thinks, its run has not succeeded, and the caller owns its shard. Whoever had no answer says
-- the same news again, known by its moment $7, and has the same answer, also when the run has succeeded since; callbacks of news
-- that were told before stay as they are, since what is said again may come long after they have run.
-- Index: deadline_pkey, run_pkey, shard_pkey, callback_delivery_pkey.
-- @param {BigInt} $1:runKey
-- @param {Int} $2:ix
-- @param {Int} $3:ordinal
-- @param {DateTime} $4:dueAt
-- @param {BigInt} $5:epoch
-- @param {Int} $6:state
-- @param {DateTime} $7:happenedAt
-- @param {DateTime} $8:estimatedEndAt? With 2 only
-- @param {String[]} $9:criticalTaskIds
-- @param {Int[]} $10:callbacks Their places in the spec
WITH marked AS (
  UPDATE deadline AS d
  SET state = $6::smallint,
    at_risk_at = CASE WHEN $6::smallint = 2 THEN $7::timestamptz ELSE d.at_risk_at END,
    estimated_end_at = CASE WHEN $6::smallint = 2 THEN $8::timestamptz ELSE d.estimated_end_at END,
    critical_task_ids = CASE WHEN $6::smallint = 2 THEN $9::text[] ELSE d.critical_task_ids END,
    missed_at = CASE WHEN $6::smallint = 3 THEN $7::timestamptz END
  FROM run AS r, shard AS s
  WHERE d.run_id = $1::bigint AND d.ix = $2::int AND d.ordinal = $3::smallint AND d.due_at = $4::timestamptz
    AND ((d.state < $6::smallint AND r.state <> 3) OR (d.state = $6::smallint AND $7::timestamptz = CASE WHEN $6::smallint = 3 THEN d.missed_at ELSE d.at_risk_at END))
    AND r.id = d.run_id AND s.id = r.shard AND s.epoch = $5::bigint
  RETURNING d.run_id, d.ix, d.ordinal, r.shard, r.dag_id, r.dag_version_id
),
called_back AS (
  INSERT INTO callback_delivery AS told (run_id, ix, map_ix, attempt, event, ordinal, happened_at)
  SELECT m.run_id, m.ix, -1, m.ordinal + 1, CASE WHEN $6::smallint = 3 THEN 5 ELSE 6 END, c.ordinal, $7::timestamptz
  FROM marked AS m, unnest($10::smallint[]) AS c (ordinal)
  ON CONFLICT (run_id, ix, map_ix, attempt, event, ordinal) DO UPDATE
  SET state = 1, tries = 0, happened_at = EXCLUDED.happened_at, next_try_at = NULL, ended_at = NULL, failure = NULL
  WHERE told.happened_at <> EXCLUDED.happened_at
)
SELECT shard, dag_id, dag_version_id FROM marked
