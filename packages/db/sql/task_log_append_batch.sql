-- task_log_append_batch: stores chunks of many attempts' logs. A chunk whose first line is stored already changes nothing.
-- Index: task_log_pkey.
-- @param {BigInt[]} $1:runKeys
-- @param {Int[]} $2:ixs
-- @param {Int[]} $3:mapIxs
-- @param {Int[]} $4:attempts
-- @param {BigInt[]} $5:firstSeqs
-- @param {BigInt[]} $6:lastSeqs
-- @param {Bytes[]} $7:lines
INSERT INTO task_log (run_id, ix, map_ix, attempt, first_seq, last_seq, lines)
SELECT run_id, ix, map_ix, attempt, first_seq, last_seq, lines
FROM unnest($1::bigint[], $2::int[], $3::int[], $4::int[], $5::bigint[], $6::bigint[], $7::bytea[])
  AS c (run_id, ix, map_ix, attempt, first_seq, last_seq, lines)
ON CONFLICT DO NOTHING
