-- attempt_list: the attempts of a task instance, oldest first; the newest stands in its own row unless it was cleared. Of a
-- sensor's attempts, those that ended in a wait for the next look are left out: its try is one.
-- Index: task_instance_attempt_pkey, task_instance_pkey.
-- @param {BigInt} $1:runKey
-- @param {Int} $2:ix
-- @param {Int} $3:mapIx
SELECT a.attempt, a.state, a.started_at, a.ended_at, a.failure, s.worker_name
FROM (
  SELECT attempt, state, session_key, started_at, ended_at, failure
  FROM task_instance_attempt
  WHERE run_id = $1 AND ix = $2 AND map_ix = $3
  UNION ALL
  -- What waited, and will go on before long, gave its slot back.
  SELECT attempt, CASE WHEN state = 2 AND deferral IS NOT NULL THEN 13 ELSE state END, session_key, started_at, ended_at, failure
  FROM task_instance
  WHERE run_id = $1 AND ix = $2 AND map_ix = $3 AND started_at IS NOT NULL
) AS a
LEFT JOIN worker_session AS s ON s.key = a.session_key
ORDER BY a.attempt
