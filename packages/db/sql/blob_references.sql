-- blob_references: everything a run keeps that holds a reference to a stored value: what instances returned or left, and
-- what waiting ones have with them.
-- Index: task_instance_pkey, xcom_pkey.
-- @param {BigInt} $1:runKey
-- @param {Bytes} $2:opening
SELECT t.out AS content FROM task_instance AS t WHERE t.run_id = $1 AND substring(t.out FROM 1 FOR octet_length($2::bytea)) = $2
UNION ALL
SELECT t.deferral FROM task_instance AS t WHERE t.run_id = $1 AND position($2::bytea IN t.deferral) > 0
UNION ALL
SELECT x.value FROM xcom AS x WHERE x.run_id = $1 AND substring(x.value FROM 1 FOR octet_length($2::bytea)) = $2
