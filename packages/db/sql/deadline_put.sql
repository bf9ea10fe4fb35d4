-- deadline_put: deadlines of runs that have not succeeded, of shards that the caller owns. What is there stays as it is; what
-- counts from the moment at which a run was opened again is put off to the new moment, and is pending anew.
-- Index: run_pkey, shard_pkey, deadline_pkey.
-- @param {BigInt[]} $1:runKeys
-- @param {BigInt[]} $2:epochs
-- @param {Int[]} $3:ixs
-- @param {Int[]} $4:ordinals
-- @param {DateTime[]} $5:dueAt
-- @param {Float[]} $6:afterQueuedMs Of a run that was opened again; else NULL
INSERT INTO deadline AS d (run_id, ix, ordinal, due_at)
SELECT v.run_id, v.ix, v.ordinal,
  coalesce(date_trunc('milliseconds', r.queued_at) + v.after_queued_ms * interval '1 millisecond', v.due_at)
FROM unnest($1::bigint[], $2::bigint[], $3::int[], $4::smallint[], $5::timestamptz[], $6::float8[])
  AS v (run_id, epoch, ix, ordinal, due_at, after_queued_ms)
JOIN run AS r ON r.id = v.run_id AND r.state <> 3
JOIN shard AS s ON s.id = r.shard AND s.epoch = v.epoch
WHERE v.after_queued_ms IS NOT NULL OR NOT EXISTS (
  SELECT FROM deadline AS o WHERE o.run_id = v.run_id AND o.ix = v.ix AND o.ordinal = v.ordinal
)
ON CONFLICT (run_id, ix, ordinal) DO UPDATE
SET due_at = EXCLUDED.due_at, state = 1, at_risk_at = NULL, estimated_end_at = NULL, critical_task_ids = '{}',
  missed_at = NULL
WHERE d.due_at <> EXCLUDED.due_at
