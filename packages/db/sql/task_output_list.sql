-- task_output_list: what task instances returned.
-- Index: task_instance_pkey.
-- @param {BigInt[]} $1:runKeys
-- @param {Int[]} $2:ixs
SELECT t.run_id, t.ix, t.out
FROM unnest($1::bigint[], $2::int[]) AS asked (run_id, ix)
JOIN task_instance AS t ON t.run_id = asked.run_id AND t.ix = asked.ix AND t.map_ix = -1
WHERE t.out IS NOT NULL
