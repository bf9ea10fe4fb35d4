-- Assets: what tasks make and DAGs wait for; their events; and which events no run of a consumer has used yet.

ALTER TABLE run
  DROP CONSTRAINT run_run_type_check,
  -- 1 scheduled, 2 manual, 3 backfill, 4 asset_triggered, 5 asset_materialization
  ADD CONSTRAINT run_run_type_check CHECK (run_type BETWEEN 1 AND 5) NOT VALID;

-- Never deleted: events refer to it.
CREATE TABLE asset (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uri text NOT NULL UNIQUE CHECK (length(uri) BETWEEN 1 AND 1500),
  -- Unique among active ones; registration sees to it, one at a time.
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 1500),
  asset_group text NOT NULL CHECK (length(asset_group) BETWEEN 1 AND 250),
  -- JSON object, or empty.
  extra text NOT NULL,
  -- Whether an active DAG names it, or a task named it for an alias that one names.
  is_active boolean NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX asset_name ON asset (name);

-- Assets that tasks named for an alias.
CREATE TABLE asset_alias (
  alias text NOT NULL CHECK (length(alias) BETWEEN 1 AND 250),
  asset_id int NOT NULL REFERENCES asset (id),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (alias, asset_id)
);
CREATE INDEX asset_alias_of ON asset_alias (asset_id);

-- Which assets and aliases the newest versions of active DAGs name.
CREATE TABLE asset_use (
  dag_id text NOT NULL REFERENCES dag (dag_id) ON DELETE CASCADE,
  -- 1 outlet, 2 inlet, 3 schedule
  kind smallint NOT NULL CHECK (kind BETWEEN 1 AND 3),
  -- Empty for the schedule.
  task_id text NOT NULL CHECK ((task_id = '') = (kind = 3)),
  -- One of these two; the other is 0, or empty.
  asset_id int NOT NULL,
  alias text NOT NULL,
  PRIMARY KEY (dag_id, kind, task_id, asset_id, alias),
  CONSTRAINT asset_use_one CHECK ((asset_id = 0) <> (alias = ''))
);
CREATE INDEX asset_use_of_asset ON asset_use (asset_id, kind) WHERE asset_id > 0;
CREATE INDEX asset_use_of_alias ON asset_use (alias, kind) WHERE alias <> '';

CREATE TABLE asset_event (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Assets stay for good: no reference that every event would have to check.
  asset_id int NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Codec JSON.
  extra bytea,
  -- millrace.v1.AssetEventSource: 1 task, 2 caller, 3 watcher
  source smallint NOT NULL CHECK (source BETWEEN 1 AND 3),
  -- Of a task.
  dag_id text,
  run_id bigint,
  task_id text,
  map_ix int,
  aliases text[] NOT NULL DEFAULT '{}',
  -- Of a caller: who.
  created_by text NOT NULL DEFAULT '',
  CONSTRAINT asset_event_task CHECK (
    (source = 1) = (run_id IS NOT NULL AND dag_id IS NOT NULL AND task_id IS NOT NULL AND map_ix IS NOT NULL)
  )
);
CREATE INDEX asset_event_of_asset ON asset_event (asset_id, id);
CREATE INDEX asset_event_of_run ON asset_event (run_id, id) WHERE run_id IS NOT NULL;

-- One row for each event and each DAG that is scheduled on its asset, until a run of the DAG uses it. Written with the
-- event; deleted with the birth of the run, by the owner of the DAG's shard and nobody else. No reference to the DAG: a
-- success must not fail because somebody deletes one of its consumers. What is left by that goes when the id is taken again.
CREATE TABLE asset_pending (
  dag_id text NOT NULL,
  asset_id int NOT NULL,
  event_id bigint NOT NULL,
  PRIMARY KEY (dag_id, asset_id, event_id)
);

-- The events that a run was made of.
CREATE TABLE run_asset_event (
  run_id bigint NOT NULL,
  event_id bigint NOT NULL,
  PRIMARY KEY (run_id, event_id)
);
CREATE INDEX run_asset_event_of ON run_asset_event (event_id);
