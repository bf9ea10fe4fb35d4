-- run_inputs_decide: fixes what queued runs are given of their inputs. Under shard_held. What was decided before stays.
-- Returns what is decided now; a run that waits no more is not returned.
-- Index: run_pkey.
-- @param {BigInt[]} $1:runKeys
-- @param {Bytes[]} $2:inputs
UPDATE run AS r
SET inputs = coalesce(r.inputs, v.inputs)
FROM unnest($1::bigint[], $2::bytea[]) AS v (id, inputs)
WHERE r.id = v.id AND r.state = 1
RETURNING r.id, r.inputs
