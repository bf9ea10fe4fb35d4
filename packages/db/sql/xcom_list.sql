-- xcom_list: further values that a task instance left, by key.
-- Index: xcom_pkey.
-- @param {BigInt} $1:runKey
-- @param {Int} $2:ix
-- @param {Int} $3:mapIx
SELECT key, value FROM xcom WHERE run_id = $1 AND ix = $2 AND map_ix = $3 ORDER BY key
