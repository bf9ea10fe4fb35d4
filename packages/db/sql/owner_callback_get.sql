-- owner_callback_get: what workers are told of these deliveries, of those that are still pending.
-- Index: callback_delivery_pkey, run_pkey, expansion_pkey, deadline_pkey.
-- @param {BigInt[]} $1:runKeys
-- @param {Int[]} $2:ixs
-- @param {Int[]} $3:mapIxs
-- @param {Int[]} $4:attempts
-- @param {Int[]} $5:events
-- @param {Int[]} $6:ordinals
SELECT d.run_id, d.ix, d.map_ix, d.attempt, d.event, d.ordinal, d.cause, r.state AS run_state, r.run_type, r.run_name,
       r.logical_at, r.interval_start_at, r.interval_end_at, r.run_after, r.params, r.partition_key,
       (SELECT e.length FROM expansion AS e WHERE e.run_id = d.run_id AND e.ix = d.ix) AS map_length,
       l.due_at, l.at_risk_at, l.estimated_end_at, l.critical_task_ids, l.missed_at
FROM unnest($1::bigint[], $2::int[], $3::int[], $4::int[], $5::smallint[], $6::smallint[])
  AS v (run_id, ix, map_ix, attempt, event, ordinal)
JOIN callback_delivery AS d
  ON d.run_id = v.run_id AND d.ix = v.ix AND d.map_ix = v.map_ix AND d.attempt = v.attempt
  AND d.event = v.event AND d.ordinal = v.ordinal
JOIN run AS r ON r.id = d.run_id
LEFT JOIN deadline AS l ON d.event IN (5, 6) AND l.run_id = d.run_id AND l.ix = d.ix AND l.ordinal = d.attempt - 1
WHERE d.state = 1
