-- deadline_delete_kept: deletes what an owner before left of runs of shards that have succeeded.
-- Index: deadline_open, run_pkey.
-- @param {Int[]} $1:shards
DELETE FROM deadline AS d
USING run AS r
WHERE d.state IN (1, 2, 4) AND r.id = d.run_id AND r.shard = ANY ($1::smallint[]) AND r.state = 3
