-- event_bar: takes the numbers of events that a flush without an answer may yet write. If it is under way this waits for it;
-- if it comes later it fails on event_pkey, and changes nothing. What it has written stays.
-- Needs flush_fence before it in the same transaction. Answers whether the shards are held; takes nothing if not.
-- Index: shard_pkey, run_pkey, event_pkey.
-- @param {Int[]} $1:shards
-- @param {BigInt[]} $2:epochs
-- @param {BigInt[]} $3:runKeys
-- @param {BigInt[]} $4:seqs
WITH fence AS MATERIALIZED (
  SELECT count(*) = cardinality($1::int[]) AS is_held
  FROM unnest($1::int[], $2::bigint[]) AS f (id, epoch)
  JOIN shard AS s ON s.id = f.id AND s.epoch = f.epoch
),
barred AS (
  INSERT INTO event (run_id, seq, run_state, changes)
  SELECT r.id, v.seq, r.state, '{}'
  FROM unnest($3::bigint[], $4::bigint[]) AS v (run_id, seq)
  JOIN run AS r ON r.id = v.run_id
  WHERE (SELECT is_held FROM fence)
  ON CONFLICT (run_id, seq) DO NOTHING
)
SELECT is_held FROM fence
