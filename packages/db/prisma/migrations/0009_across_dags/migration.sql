-- Across DAGs: which run triggered which, and which DAGs depend on which.

-- A task instance made a run of another DAG, or took one that was there, at most once an attempt and DAG. It outlives its
-- parent, which may be deleted first.
CREATE TABLE run_trigger (
  parent_run_id bigint NOT NULL,
  ix int NOT NULL,
  map_ix int NOT NULL,
  dag_id text NOT NULL,
  attempt int NOT NULL CHECK (attempt > 0),
  child_run_id bigint NOT NULL,
  -- How many runs have triggered one another up to the child, the first one not counted.
  depth smallint NOT NULL CHECK (depth > 0),
  -- A later attempt of the same task instance finds it, until that is cleared.
  is_current boolean NOT NULL DEFAULT true,
  parent_dag_id text NOT NULL,
  task_id text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (parent_run_id, ix, map_ix, dag_id, attempt)
);
CREATE INDEX run_trigger_child ON run_trigger (child_run_id, at);

-- What the newest versions of DAGs say of one another: a row for each task that does.
CREATE TABLE dag_dependency (
  dag_id text NOT NULL REFERENCES dag (dag_id) ON DELETE CASCADE,
  -- 1 triggers, 2 waits for, 3 clears.
  kind smallint NOT NULL,
  other_id text NOT NULL,
  task_id text NOT NULL,
  PRIMARY KEY (dag_id, kind, other_id, task_id)
);
CREATE INDEX dag_dependency_other ON dag_dependency (other_id);
