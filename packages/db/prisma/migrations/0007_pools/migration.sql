-- Pools: budgets of slots that tasks of all DAGs share, and how they are dealt out to shards. Rates: starts by key and time.

CREATE SEQUENCE pool_changed_seq;
CREATE TABLE pool (
  name text PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 250),
  -- NULL for no limit.
  slots int CHECK (slots BETWEEN 1 AND 1000000),
  description text NOT NULL DEFAULT '',
  -- Whether deferred task instances keep their slots.
  include_deferred boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- nextval('pool_changed_seq') with every change of this row.
  changed_seq bigint NOT NULL
);
INSERT INTO pool (name, description, changed_seq)
VALUES ('default_pool', 'Tasks that name no pool.', nextval('pool_changed_seq'));

-- The slots of a pool that a shard may use. Only its owner changes a row, under the lock of the pool's row and fenced by the
-- shard's epoch: the sum over shards is never raised above the pool's slots. Take-over inherits the row with the tasks.
CREATE TABLE pool_grant (
  pool text NOT NULL REFERENCES pool (name) ON DELETE CASCADE,
  shard smallint NOT NULL REFERENCES shard (id),
  slots int NOT NULL CHECK (slots >= 0),
  -- Slots that its waiting tasks lack, the fewest that would let one start, and since when.
  wanted int NOT NULL CHECK (wanted >= 0),
  least int NOT NULL CHECK (least >= 0),
  wanted_since timestamptz,
  -- For people: slots in use, slots of deferred task instances, task instances that wait; as of at.
  running int NOT NULL,
  deferred int NOT NULL,
  waiting int NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (pool, shard),
  CHECK ((wanted_since IS NOT NULL) = (wanted > 0))
);

-- Starts by the key of a rate limit, its length of time, and the sixteenth part of that in which they were taken.
CREATE TABLE rate_start (
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 250),
  per_ms bigint NOT NULL CHECK (per_ms > 0),
  slice bigint NOT NULL,
  taken int NOT NULL CHECK (taken > 0),
  PRIMARY KEY (key, per_ms, slice)
);
