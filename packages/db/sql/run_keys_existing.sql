-- run_keys_existing: those of these runs that exist.
-- Index: run_pkey.
-- @param {BigInt[]} $1:runKeys
SELECT id FROM run WHERE id = ANY ($1::bigint[])
