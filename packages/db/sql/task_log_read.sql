-- task_log_read: chunks of an attempt's log that hold lines after $5, in order.
-- Index: task_log_pkey.
-- @param {BigInt} $1:runKey
-- @param {Int} $2:ix
-- @param {Int} $3:mapIx
-- @param {Int} $4:attempt
-- @param {BigInt} $5:afterSeq
-- @param {Int} $6:limit Chunks
SELECT first_seq, last_seq, lines
FROM task_log
WHERE run_id = $1 AND ix = $2 AND map_ix = $3 AND attempt = $4 AND last_seq > $5
ORDER BY first_seq
LIMIT $6
