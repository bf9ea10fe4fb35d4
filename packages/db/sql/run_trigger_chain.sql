-- run_trigger_chain: the runs above a run, nearest first: who triggered it, who triggered that one, …
-- Index: run_trigger_child.
-- @param {BigInt} $1:runId
-- @param {Int} $2:limit
WITH RECURSIVE chain AS (
  SELECT t.parent_run_id, t.parent_dag_id, 1 AS n
  FROM (SELECT * FROM run_trigger WHERE child_run_id = $1 ORDER BY at DESC LIMIT 1) AS t
  UNION ALL
  SELECT t.parent_run_id, t.parent_dag_id, chain.n + 1
  FROM chain
  JOIN LATERAL (
    SELECT * FROM run_trigger WHERE child_run_id = chain.parent_run_id ORDER BY at DESC LIMIT 1
  ) AS t ON true
  WHERE chain.n < $2
)
SELECT parent_run_id AS run_id, parent_dag_id AS dag_id FROM chain ORDER BY n
