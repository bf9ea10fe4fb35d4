-- past_task_states: what became of some tasks in some runs. Instances that were removed count for nothing; of those that
-- neither succeeded nor were skipped the last is told.
-- Index: task_instance_pkey, expansion_pkey.
-- @param {BigInt[]} $1:runKeys
-- @param {Int[]} $2:ixs
SELECT v.run_id, v.ix, s.fine, s.other_map_ix, s.other_state,
  (SELECT e.length FROM expansion AS e WHERE e.run_id = v.run_id AND e.ix = v.ix) AS length
FROM unnest($1::bigint[], $2::int[]) AS v (run_id, ix)
CROSS JOIN LATERAL (
  SELECT
    count(*) FILTER (WHERE t.state IN (6, 8))::int AS fine,
    max(t.map_ix) FILTER (WHERE t.state NOT IN (6, 8, 10)) AS other_map_ix,
    (array_agg(t.state ORDER BY t.map_ix DESC) FILTER (WHERE t.state NOT IN (6, 8, 10)))[1] AS other_state
  FROM task_instance AS t
  WHERE t.run_id = v.run_id AND t.ix = v.ix
) AS s
