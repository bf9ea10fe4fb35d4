-- run_state_get: where a run is, and what it runs.
-- Index: run_pkey.
-- @param {BigInt} $1:runKey
SELECT id, dag_id, dag_version_id, shard, state FROM run WHERE id = $1
