-- external_task_list: how many instances of tasks are in which state, of runs that tasks of other DAGs wait for. length is
-- null where a task is not expanded: then the instance -1 stands for it. Instances without a row are in no row.
-- Index: task_instance_pkey, expansion_pkey.
-- @param {BigInt[]} $1:runKeys
-- @param {Int[]} $2:ixs
SELECT q.run_id, q.ix, e.length, t.state, count(t.state)::int AS count
FROM unnest($1::bigint[], $2::int[]) AS q (run_id, ix)
LEFT JOIN expansion AS e ON e.run_id = q.run_id AND e.ix = q.ix AND e.length > 0
LEFT JOIN task_instance AS t ON t.run_id = q.run_id AND t.ix = q.ix
  AND t.map_ix BETWEEN CASE WHEN e.length IS NULL THEN -1 ELSE 0 END AND coalesce(e.length, 0) - 1
GROUP BY q.run_id, q.ix, e.length, t.state
