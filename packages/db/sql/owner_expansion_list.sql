-- owner_expansion_list: how many instances the mapped tasks of runs have, as far as they are expanded.
-- Index: expansion_pkey.
-- @param {BigInt[]} $1:runKeys
SELECT run_id, ix, length FROM expansion WHERE run_id = ANY ($1::bigint[]) ORDER BY run_id, ix
