-- run_inputs_get: what a run was given of its inputs; no row for a run that does not exist.
-- Index: run_pkey.
-- @param {BigInt} $1:runKey
SELECT r.inputs FROM run AS r WHERE r.id = $1
