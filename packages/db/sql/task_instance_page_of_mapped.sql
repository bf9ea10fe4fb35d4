-- task_instance_page_of_mapped: instances of a mapped task by index, after $3. With $5, also those that have no row yet: only
-- their index is set.
-- Index: task_instance_pkey, expansion_pkey. A page without a filter touches its own rows only.
-- @param {BigInt} $1:runKey
-- @param {Int} $2:ix
-- @param {Int} $3:afterMapIx
-- @param {Int[]} $4:states? Of those that have a row, only these
-- @param {Boolean} $5:includeRowless
-- @param {Int} $6:limit
WITH present AS (
  SELECT t.ix, t.map_ix, t.state, t.attempt, t.uncounted, t.losses, t.ready_at, t.started_at, t.ended_at, t.wait_until,
       t.failure, t.choice, t.map_index_label, s.worker_name,
       CASE WHEN t.state IN (13, 14) THEN t.deferral END AS deferral
  FROM task_instance AS t
  LEFT JOIN worker_session AS s ON s.key = t.session_key
  WHERE t.run_id = $1 AND t.ix = $2 AND t.map_ix > $3 AND t.map_ix >= 0 AND ($4::int[] IS NULL OR t.state = ANY ($4))
  ORDER BY t.map_ix
  LIMIT $6
),
absent AS (
  SELECT number AS map_ix
  FROM expansion AS e
  CROSS JOIN LATERAL generate_series(
    $3 + 1,
    -- Without a filter a page is as many indexes as it has rows.
    CASE WHEN $4::int[] IS NULL THEN least($3 + $6, e.length - 1) ELSE e.length - 1 END
  ) AS number
  WHERE $5 AND e.run_id = $1 AND e.ix = $2
    AND NOT EXISTS (SELECT FROM task_instance AS t WHERE t.run_id = $1 AND t.ix = $2 AND t.map_ix = number)
  ORDER BY number
  LIMIT $6
)
SELECT coalesce(present.map_ix, absent.map_ix) AS map_ix, present.state, present.attempt, present.uncounted,
       present.losses, present.ready_at, present.started_at, present.ended_at, present.wait_until, present.failure,
       present.choice, present.map_index_label, present.worker_name, present.deferral
FROM present
FULL JOIN absent ON absent.map_ix = present.map_ix
ORDER BY 1
LIMIT $6
