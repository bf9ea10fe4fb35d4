-- expansion_list_of_runs: the mapped tasks of runs that are expanded, with how many of their instances are in which state and
-- how many have no row yet. Instances beyond the length were removed, or are about to be.
-- Index: expansion_pkey, task_instance_pkey. Reads the rows of all instances it is asked about.
-- @param {BigInt[]} $1:runKeys
-- @param {Int[]} $2:ixs? Only these tasks
SELECT e.run_id, e.ix, nullif(e.length, -1) AS length,
       greatest(e.length, 0) - coalesce(sum(s.within), 0)::int AS rowless,
       coalesce(array_agg(s.state) FILTER (WHERE s.state IS NOT NULL), '{}')::int[] AS states,
       coalesce(array_agg(s.instances) FILTER (WHERE s.state IS NOT NULL), '{}') AS counts,
       min(s.started_at) AS started_at, max(s.ended_at) AS ended_at
FROM expansion AS e
LEFT JOIN LATERAL (
  SELECT t.state, count(*)::int AS instances, count(*) FILTER (WHERE t.map_ix < e.length) AS within,
         min(t.started_at) AS started_at, max(t.ended_at) AS ended_at
  FROM task_instance AS t
  WHERE t.run_id = e.run_id AND t.ix = e.ix AND t.map_ix >= 0
  GROUP BY t.state
) AS s ON true
WHERE e.run_id = ANY ($1::bigint[]) AND ($2::int[] IS NULL OR e.ix = ANY ($2))
GROUP BY e.run_id, e.ix, e.length
ORDER BY e.run_id, e.ix
