-- The spine: DAGs and their versions, runs and task instances, shards, worker sessions, logs, credentials.
-- Codes of state columns are those of packages/engine/src/spec/states.ts; the CHECKs repeat its state machine.

CREATE TABLE shard (
  id smallint PRIMARY KEY,
  owner text,
  epoch bigint NOT NULL DEFAULT 0,
  expires_at timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO shard (id) SELECT generate_series(0, 63);

CREATE TABLE bundle (
  digest text PRIMARY KEY CHECK (digest ~ '^[0-9a-f]{64}$'),
  content bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE SEQUENCE dag_changed_seq;
CREATE TABLE dag (
  dag_id text PRIMARY KEY CHECK (length(dag_id) BETWEEN 1 AND 250),
  shard smallint NOT NULL REFERENCES shard (id),
  version int NOT NULL CHECK (version > 0),
  folder text NOT NULL,
  file text NOT NULL,
  description text NOT NULL,
  tags text[] NOT NULL,
  owner text NOT NULL,
  schedule text NOT NULL,
  timezone text NOT NULL,
  is_paused boolean NOT NULL,
  is_active boolean NOT NULL,
  -- The last tick that became a run, or the moment scheduling began: ticks after it are still to come.
  scheduled_through timestamptz NOT NULL DEFAULT clock_timestamp(),
  next_run_at timestamptz,
  -- nextval('dag_changed_seq') with every change of this row; owners look for rows above what they have seen.
  changed_seq bigint NOT NULL,
  registered_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX dag_changed ON dag (changed_seq);

CREATE TABLE dag_version (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  dag_id text NOT NULL REFERENCES dag (dag_id) ON DELETE CASCADE,
  version int NOT NULL CHECK (version > 0),
  digest text NOT NULL,
  -- millrace.v1.DagSpec without its source.
  spec bytea NOT NULL,
  file text NOT NULL,
  source text NOT NULL,
  bundle_digest text REFERENCES bundle (digest),
  task_count int NOT NULL CHECK (task_count > 0),
  registered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (dag_id, version),
  -- What a run refers to.
  UNIQUE (id, dag_id)
);

CREATE TABLE import_error (
  folder text NOT NULL,
  file text NOT NULL,
  message text NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (folder, file)
);

-- Handed out in blocks of 64, so that an owner asks once for many runs.
CREATE SEQUENCE run_id_seq INCREMENT BY 64;

CREATE TABLE run (
  id bigint PRIMARY KEY CHECK (id > 0 AND id < 9007199254740992),
  dag_id text NOT NULL,
  dag_version_id int NOT NULL,
  shard smallint NOT NULL,
  -- 1 queued, 2 running, 3 success, 4 failed
  state smallint NOT NULL CHECK (state BETWEEN 1 AND 4),
  -- 1 scheduled, 2 manual
  run_type smallint NOT NULL CHECK (run_type BETWEEN 1 AND 2),
  run_name text NOT NULL,
  logical_at timestamptz,
  interval_start_at timestamptz,
  interval_end_at timestamptz,
  -- The tick, or the moment somebody asked.
  run_after timestamptz NOT NULL,
  params bytea NOT NULL,
  queued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  started_at timestamptz,
  ended_at timestamptz,
  cancel_requested_at timestamptz,
  -- millrace.v1.Failure
  failure bytea,
  -- Task instances by state code 1..14; refreshed by the owner, exact once the run is final.
  counts int[] NOT NULL DEFAULT '{}',
  note text NOT NULL DEFAULT '',
  triggered_by text NOT NULL,
  revision bigint NOT NULL DEFAULT 0,
  UNIQUE (dag_id, run_name),
  CHECK ((ended_at IS NOT NULL) = (state IN (3, 4))),
  CHECK (state <> 2 OR started_at IS NOT NULL),
  CHECK (failure IS NULL OR state = 4),
  -- One reference, so that a new run locks one row of its DAG.
  FOREIGN KEY (dag_version_id, dag_id) REFERENCES dag_version (id, dag_id) ON DELETE CASCADE
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX run_logical ON run (dag_id, logical_at) WHERE logical_at IS NOT NULL;
CREATE INDEX run_active ON run (shard) WHERE state IN (1, 2);
CREATE INDEX run_of_dag ON run (dag_id, id DESC);
CREATE INDEX run_newest ON run (queued_at, id);

-- A task instance has a row once it has started, was skipped or upstream_failed. Its only index is its key, no column
-- of which ever changes, so updates stay within the page (HOT).
CREATE TABLE task_instance (
  run_id bigint NOT NULL,
  ix int NOT NULL,
  map_ix int NOT NULL,
  -- 2 scheduled (given back), 4 running, 6 success, 7 failed, 8 skipped, 9 upstream_failed, 11 up_for_retry
  state smallint NOT NULL CHECK (state IN (2, 4, 6, 7, 8, 9, 11)),
  -- Grants so far; the fence.
  attempt smallint NOT NULL CHECK (attempt >= 0),
  -- Grants lost to dying workers or given back, which spend no retry.
  lost smallint NOT NULL DEFAULT 0,
  -- worker_session.key of the newest grant.
  session_key int,
  ready_at timestamptz,
  started_at timestamptz,
  ended_at timestamptz,
  retry_at timestamptz,
  -- What the body returned, as codec JSON.
  out bytea,
  -- millrace.v1.Failure of the newest attempt.
  failure bytea,
  PRIMARY KEY (run_id, ix, map_ix),
  CHECK ((ended_at IS NOT NULL) = (state <> 4)),
  CHECK ((retry_at IS NOT NULL) = (state = 11)),
  CHECK (out IS NULL OR state = 6),
  CHECK (failure IS NULL OR state IN (2, 7, 11)),
  CHECK (lost BETWEEN 0 AND attempt),
  CHECK ((attempt > 0) = (session_key IS NOT NULL AND started_at IS NOT NULL)),
  CHECK (attempt > 0 OR state IN (7, 8, 9))
) WITH (
  -- A page keeps room for the one update of each of its rows, with a result of some ten bytes.
  fillfactor = 40,
  autovacuum_vacuum_scale_factor = 0.05
);

-- Earlier attempts: written when the next one is granted.
CREATE TABLE task_instance_attempt (
  run_id bigint NOT NULL,
  ix int NOT NULL,
  map_ix int NOT NULL,
  attempt smallint NOT NULL,
  state smallint NOT NULL,
  session_key int,
  started_at timestamptz,
  ended_at timestamptz,
  failure bytea,
  PRIMARY KEY (run_id, ix, map_ix, attempt)
);

-- One row for each run in a flush: what changed, as quadruples ix, map_ix, state, attempt. Folding them gives the rows.
CREATE TABLE event (
  run_id bigint NOT NULL,
  seq bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- The run's state after it.
  run_state smallint NOT NULL,
  changes int[] NOT NULL CHECK (cardinality(changes) % 4 = 0),
  PRIMARY KEY (run_id, seq)
);

CREATE TABLE xcom (
  run_id bigint NOT NULL,
  ix int NOT NULL,
  map_ix int NOT NULL,
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 250 AND key <> 'return_value'),
  value bytea NOT NULL,
  PRIMARY KEY (run_id, ix, map_ix, key)
);

CREATE TABLE worker_session (
  key int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  session_id text NOT NULL UNIQUE,
  token_hash bytea NOT NULL,
  request_id text NOT NULL UNIQUE,
  worker_name text NOT NULL,
  sdk text NOT NULL,
  queues text[] NOT NULL,
  handlers text[] NOT NULL,
  runs_bundles boolean NOT NULL,
  slots int NOT NULL CHECK (slots > 0),
  node_id text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  renewed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  ended_at timestamptz
);
CREATE INDEX worker_session_live ON worker_session (expires_at) WHERE ended_at IS NULL;

-- Lines of an attempt, a chunk a row. Chunks are appended, never changed.
CREATE TABLE task_log (
  run_id bigint NOT NULL,
  ix int NOT NULL,
  map_ix int NOT NULL,
  attempt smallint NOT NULL,
  first_seq bigint NOT NULL CHECK (first_seq > 0),
  last_seq bigint NOT NULL CHECK (last_seq >= first_seq),
  -- millrace.worker.v1.AppendLogRequest with lines only.
  lines bytea NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (run_id, ix, map_ix, attempt, first_seq)
);

-- Answers already given, so that a repeated request changes nothing.
CREATE TABLE request (
  method text NOT NULL,
  principal text NOT NULL,
  request_id text NOT NULL,
  body_hash bytea NOT NULL,
  answer bytea NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (method, principal, request_id)
);
CREATE INDEX request_age ON request (at);

CREATE TABLE credential (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- api_key, worker_key, login_token, console_session
  kind text NOT NULL CHECK (kind IN ('api_key', 'worker_key', 'login_token', 'console_session')),
  name text NOT NULL,
  role text NOT NULL CHECK (role IN ('admin', 'worker')),
  -- SHA-256 of the secret; the secret itself is never stored.
  token_hash bytea NOT NULL UNIQUE,
  -- Queues a worker key is limited to; empty means all.
  queues text[] NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz,
  -- When a login token was traded in.
  used_at timestamptz
);
