-- Backfills: runs for dates that have passed, made on purpose, some at a time.

CREATE TABLE backfill (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  dag_id text NOT NULL,
  shard smallint NOT NULL REFERENCES shard (id),
  -- The version whose timetable has the dates; runs are made of the newest one.
  dag_version_id int NOT NULL,
  -- Logical dates from here to there, both included, whose data intervals were over at as_of.
  from_at timestamptz NOT NULL,
  to_at timestamptz NOT NULL,
  as_of timestamptz NOT NULL,
  -- From where the dates of a length of time are counted.
  anchor_at timestamptz NOT NULL,
  is_reverse boolean NOT NULL,
  -- Which dates that have a run already are run again: 1 none, 2 failed, 3 completed
  reprocess smallint NOT NULL CHECK (reprocess BETWEEN 1 AND 3),
  max_active_runs int NOT NULL CHECK (max_active_runs > 0),
  -- Complete. Runs that are run again keep their own unless has_params.
  params bytea NOT NULL,
  has_params boolean NOT NULL,
  note text NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  date_count int NOT NULL CHECK (date_count BETWEEN 0 AND 100000),
  -- How far it got: that many dates are decided, and the last of them is this one.
  decided int NOT NULL DEFAULT 0 CHECK (decided BETWEEN 0 AND date_count),
  decided_date timestamptz,
  -- Of the decided dates those that got no run of this backfill, because one was on its way or there was one already.
  in_flight int NOT NULL DEFAULT 0,
  existing int NOT NULL DEFAULT 0,
  -- 1 running, 2 paused, 3 cancelling, 4 completed, 5 cancelled
  state smallint NOT NULL DEFAULT 1 CHECK (state BETWEEN 1 AND 5),
  ended_at timestamptz,
  FOREIGN KEY (dag_version_id, dag_id) REFERENCES dag_version (id, dag_id) ON DELETE CASCADE,
  CHECK (from_at <= to_at),
  CHECK ((decided = 0) = (decided_date IS NULL)),
  CHECK ((ended_at IS NOT NULL) = (state IN (4, 5))),
  CHECK (state <> 4 OR decided = date_count)
);
-- A DAG has one at a time.
CREATE UNIQUE INDEX backfill_open ON backfill (dag_id) WHERE state < 4;
CREATE INDEX backfill_of_dag ON backfill (dag_id, id DESC);

-- What became of a date, once.
CREATE TABLE backfill_date (
  backfill_id bigint NOT NULL REFERENCES backfill (id) ON DELETE CASCADE,
  -- 1, 2, 3 … in the order of the backfill.
  ordinal int NOT NULL CHECK (ordinal > 0),
  logical_at timestamptz NOT NULL,
  -- 1 made, 2 run again, 3 in flight, 4 exists
  outcome smallint NOT NULL CHECK (outcome BETWEEN 1 AND 4),
  -- The run of the date, the backfill's own or the one that was there; it may have been deleted since.
  run_id bigint NOT NULL,
  -- Of a run that is run again: how often it had been opened again before.
  reopen_count int NOT NULL DEFAULT 0,
  PRIMARY KEY (backfill_id, ordinal)
);

ALTER TABLE run
  ADD COLUMN backfill_id bigint,
  ADD COLUMN backfill_ordinal int,
  DROP CONSTRAINT run_run_type_check,
  ADD CONSTRAINT run_run_type_check CHECK (run_type BETWEEN 1 AND 3),
  ADD CONSTRAINT run_backfill CHECK ((backfill_id IS NULL) = (backfill_ordinal IS NULL));
CREATE INDEX run_of_backfill ON run (backfill_id, state) WHERE backfill_id IS NOT NULL;
