-- event_list_written: which of these events are written already.
-- Index: event_pkey.
-- @param {BigInt[]} $1:runKeys
-- @param {BigInt[]} $2:seqs
SELECT asked.run_id
FROM unnest($1::bigint[], $2::bigint[]) AS asked (run_id, seq)
JOIN event AS e ON e.run_id = asked.run_id AND e.seq = asked.seq
