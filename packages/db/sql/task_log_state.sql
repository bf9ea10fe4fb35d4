-- task_log_state: whether an attempt exists, and what of its log is stored. Returns exactly one row.
-- Index: task_instance_pkey, task_log_pkey.
-- @param {BigInt} $1:runKey
-- @param {Int} $2:ix
-- @param {Int} $3:mapIx
-- @param {Int} $4:attempt
SELECT EXISTS (
         SELECT 1 FROM task_instance WHERE run_id = $1 AND ix = $2 AND map_ix = $3 AND attempt >= $4
       ) AS is_known,
       coalesce(max(last_seq), 0) AS last_seq,
       coalesce(sum(length(lines)), 0)::bigint AS bytes
FROM task_log
WHERE run_id = $1 AND ix = $2 AND map_ix = $3 AND attempt = $4
