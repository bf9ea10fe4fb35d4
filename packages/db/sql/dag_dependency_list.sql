-- dag_dependency_list: a page of what active DAGs say of others; with a DAG, only among those within so many arrows of it.
-- Index: dag_dependency_pkey, dag_dependency_other, dag_pkey.
-- @param {String} $1:dagId Null for all
-- @param {Int} $2:levels
-- @param {String} $3:afterDagId
-- @param {Int} $4:afterKind
-- @param {String} $5:afterOtherId
-- @param {String} $6:afterTaskId
-- @param {Int} $7:limit
WITH RECURSIVE near AS (
  SELECT $1::text AS id, 0 AS n WHERE $1::text IS NOT NULL
  UNION
  SELECT CASE WHEN d.dag_id = near.id THEN d.other_id ELSE d.dag_id END, near.n + 1
  FROM near
  JOIN dag_dependency AS d ON d.dag_id = near.id OR d.other_id = near.id
  JOIN dag ON dag.dag_id = d.dag_id AND dag.is_active
  WHERE near.n < $2
)
SELECT d.dag_id, d.kind::int AS kind, d.other_id, d.task_id,
       EXISTS (SELECT 1 FROM dag AS o WHERE o.dag_id = d.other_id AND o.is_active) AS other_exists
FROM dag_dependency AS d
JOIN dag ON dag.dag_id = d.dag_id AND dag.is_active
WHERE ($1::text IS NULL OR (d.dag_id IN (SELECT id FROM near) AND d.other_id IN (SELECT id FROM near)))
  AND (d.dag_id, d.kind, d.other_id, d.task_id) > ($3, $4, $5, $6)
ORDER BY d.dag_id, d.kind, d.other_id, d.task_id
LIMIT $7
