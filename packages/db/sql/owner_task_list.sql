-- owner_task_list: task instances of runs after ($2, $3) in each, at most $4 of each, in the order of their keys; without
-- what they returned.
-- looks: how often a sensor has looked in vain in the try it is in. The attempts before that try are archived, those of
-- the try itself are not.
-- Index: task_instance_pkey, task_instance_attempt_pkey.
-- @param {BigInt[]} $1:runKeys
-- @param {Int} $2:afterIx
-- @param {Int} $3:afterMapIx
-- @param {Int} $4:limit
SELECT t.run_id, t.ix, t.map_ix, t.state, t.attempt, t.uncounted, t.losses, t.session_key, t.ready_at, t.started_at,
       t.ended_at, t.wait_until, t.out IS NOT NULL AS has_value, t.lengths, t.choice, t.deferral,
       CASE WHEN t.state IN (4, 12) AND t.uncounted > 0 THEN
         t.attempt - (t.state = 4)::int - coalesce((
           SELECT max(a.attempt) FROM task_instance_attempt AS a
           WHERE a.run_id = t.run_id AND a.ix = t.ix AND a.map_ix = t.map_ix
         ), 0)
       ELSE 0 END AS looks
FROM unnest($1::bigint[]) AS asked (run_id)
CROSS JOIN LATERAL (
  SELECT * FROM task_instance AS i
  WHERE i.run_id = asked.run_id AND (i.ix, i.map_ix) > ($2, $3)
  ORDER BY i.ix, i.map_ix
  LIMIT $4
) AS t
ORDER BY t.run_id, t.ix, t.map_ix
