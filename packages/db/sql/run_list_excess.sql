-- run_list_excess: final runs of a DAG beyond those that it keeps, oldest first: of each run type the newest $2 that succeeded and
-- the newest $3 that failed are kept. One whose callbacks are still to be delivered stays meanwhile.
-- Index: run_of_dag; callback_delivery_pending.
-- @param {String} $1:dagId
-- @param {Int} $2:keptSuccessful? All when NULL.
-- @param {Int} $3:keptFailed? All when NULL.
-- @param {BigInt} $4:afterId
-- @param {Int} $5:limit
SELECT id
FROM (
  SELECT id, state, row_number() OVER (PARTITION BY run_type, state ORDER BY id DESC) AS place
  FROM run
  WHERE dag_id = $1 AND state IN (3, 4)
) AS finished
WHERE place > CASE state WHEN 3 THEN $2::int ELSE $3::int END
  AND id > $4
  AND NOT EXISTS (SELECT 1 FROM callback_delivery AS c WHERE c.run_id = finished.id AND c.state = 1)
ORDER BY id
LIMIT $5
