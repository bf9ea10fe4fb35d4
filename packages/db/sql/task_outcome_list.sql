-- task_outcome_list: how attempts stand, to answer results that are repeated or late. Attempts of unknown runs are left out.
-- Index: run_pkey, task_instance_pkey, task_instance_attempt_pkey.
-- @param {BigInt[]} $1:runKeys
-- @param {Int[]} $2:ixs
-- @param {Int[]} $3:mapIxs
-- @param {Int[]} $4:attempts
SELECT r.id, asked.ix, asked.map_ix, asked.attempt, r.state AS run_state,
       r.cancel_requested_at IS NOT NULL AS is_cancelled, t.attempt AS newest, t.uncounted, t.state, t.out, t.choice, t.failure,
       e.state AS earlier_state, e.failure AS earlier_failure
FROM unnest($1::bigint[], $2::int[], $3::int[], $4::int[]) AS asked (run_id, ix, map_ix, attempt)
JOIN run AS r ON r.id = asked.run_id
LEFT JOIN task_instance AS t ON t.run_id = asked.run_id AND t.ix = asked.ix AND t.map_ix = asked.map_ix
LEFT JOIN task_instance_attempt AS e
  ON e.run_id = asked.run_id AND e.ix = asked.ix AND e.map_ix = asked.map_ix AND e.attempt = asked.attempt
