-- run_trigger_state: what a task instance has triggered of a DAG before, and how deep its own run lies. generation counts
-- how often that was given up, by a clear or for another run. Exactly one row.
-- Index: run_trigger_pkey, run_trigger_child, run_pkey.
-- @param {BigInt} $1:parentRunId
-- @param {Int} $2:ix
-- @param {Int} $3:mapIx
-- @param {String} $4:dagId
SELECT
  coalesce((SELECT depth FROM run_trigger WHERE child_run_id = $1 ORDER BY at DESC LIMIT 1), 0)::int AS depth,
  (SELECT count(*)::int FROM run_trigger
   WHERE parent_run_id = $1 AND ix = $2 AND map_ix = $3 AND dag_id = $4 AND NOT is_current) AS generation,
  c.attempt, r.id AS run_id, r.run_name, r.state, r.shard
FROM (SELECT 1) AS one
LEFT JOIN LATERAL (
  SELECT t.attempt, t.child_run_id FROM run_trigger AS t
  WHERE t.parent_run_id = $1 AND t.ix = $2 AND t.map_ix = $3 AND t.dag_id = $4 AND t.is_current
  ORDER BY t.attempt DESC LIMIT 1
) AS c ON true
LEFT JOIN run AS r ON r.id = c.child_run_id
