-- task_output_list: what task instances returned; those that returned nothing are left out.
-- Index: task_instance_pkey.
-- @param {BigInt[]} $1:runKeys
-- @param {Int[]} $2:ixs
-- @param {Int[]} $3:mapIxs
SELECT t.run_id, t.ix, t.map_ix, t.out
FROM unnest($1::bigint[], $2::int[], $3::int[]) AS asked (run_id, ix, map_ix)
JOIN task_instance AS t ON t.run_id = asked.run_id AND t.ix = asked.ix AND t.map_ix = asked.map_ix
WHERE t.out IS NOT NULL
