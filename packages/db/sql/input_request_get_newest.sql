-- input_request_get_newest: what a task instance asked last, whether it is answered or not.
-- Index: input_request_pkey.
-- @param {BigInt} $1:runKey
-- @param {Int} $2:ix
-- @param {Int} $3:mapIx
SELECT i.attempt, i.state, i.form
FROM input_request AS i
WHERE i.run_id = $1 AND i.ix = $2 AND i.map_ix = $3
ORDER BY i.attempt DESC
LIMIT 1
