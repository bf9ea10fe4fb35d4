-- What all migrations together make; long because it has every table. Written by src/schema.int.test.ts (vitest -u); do not edit.

CREATE SEQUENCE dag_changed_seq INCREMENT BY 1;
CREATE SEQUENCE pool_changed_seq INCREMENT BY 1;
CREATE SEQUENCE run_id_seq INCREMENT BY 64;

CREATE TABLE asset (
  id integer NOT NULL GENERATED ALWAYS AS IDENTITY,
  uri text NOT NULL,
  name text NOT NULL,
  asset_group text NOT NULL,
  extra text NOT NULL,
  is_active boolean NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT asset_pkey PRIMARY KEY (id),
  CONSTRAINT asset_uri_key UNIQUE (uri),
  CONSTRAINT asset_asset_group_check CHECK (((length(asset_group) >= 1) AND (length(asset_group) <= 250))),
  CONSTRAINT asset_name_check CHECK (((length(name) >= 1) AND (length(name) <= 1500))),
  CONSTRAINT asset_uri_check CHECK (((length(uri) >= 1) AND (length(uri) <= 1500)))
);
CREATE INDEX asset_name ON asset USING btree (name);

CREATE TABLE asset_alias (
  alias text NOT NULL,
  asset_id integer NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT asset_alias_pkey PRIMARY KEY (alias, asset_id),
  CONSTRAINT asset_alias_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES asset(id),
  CONSTRAINT asset_alias_alias_check CHECK (((length(alias) >= 1) AND (length(alias) <= 250)))
);
CREATE INDEX asset_alias_of ON asset_alias USING btree (asset_id);

CREATE TABLE asset_event (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  asset_id integer NOT NULL,
  at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  extra bytea,
  source smallint NOT NULL,
  dag_id text,
  run_id bigint,
  task_id text,
  map_ix integer,
  aliases text[] NOT NULL DEFAULT '{}'::text[],
  created_by text NOT NULL DEFAULT ''::text,
  partition_key text,
  CONSTRAINT asset_event_pkey PRIMARY KEY (id),
  CONSTRAINT asset_event_partition_key CHECK (((length(partition_key) >= 1) AND (length(partition_key) <= 250))) NOT VALID,
  CONSTRAINT asset_event_source_check CHECK (((source >= 1) AND (source <= 3))),
  CONSTRAINT asset_event_task CHECK (((source = 1) = ((run_id IS NOT NULL) AND (dag_id IS NOT NULL) AND (task_id IS NOT NULL) AND (map_ix IS NOT NULL))))
);
CREATE INDEX asset_event_of_asset ON asset_event USING btree (asset_id, id);
CREATE INDEX asset_event_of_partition ON asset_event USING btree (asset_id, partition_key, id) WHERE (partition_key IS NOT NULL);
CREATE INDEX asset_event_of_run ON asset_event USING btree (run_id, id) WHERE (run_id IS NOT NULL);

CREATE TABLE asset_partition (
  dag_id text NOT NULL,
  target_key text NOT NULL,
  asset_id integer NOT NULL,
  event_id bigint NOT NULL,
  part text NOT NULL,
  problem text NOT NULL,
  dag_version_id integer NOT NULL,
  CONSTRAINT asset_partition_pkey PRIMARY KEY (dag_id, target_key, asset_id, event_id),
  CONSTRAINT asset_partition_mapped CHECK (((target_key = ''::text) = (problem <> ''::text))),
  CONSTRAINT asset_partition_target_key_check CHECK ((length(target_key) <= 250))
);
CREATE INDEX asset_partition_of_asset ON asset_partition USING btree (dag_id, asset_id, event_id);

CREATE TABLE asset_pending (
  dag_id text NOT NULL,
  asset_id integer NOT NULL,
  event_id bigint NOT NULL,
  CONSTRAINT asset_pending_pkey PRIMARY KEY (dag_id, asset_id, event_id)
);

CREATE TABLE asset_use (
  dag_id text NOT NULL,
  kind smallint NOT NULL,
  task_id text NOT NULL,
  asset_id integer NOT NULL,
  alias text NOT NULL,
  by_partition boolean NOT NULL DEFAULT false,
  CONSTRAINT asset_use_pkey PRIMARY KEY (dag_id, kind, task_id, asset_id, alias),
  CONSTRAINT asset_use_dag_id_fkey FOREIGN KEY (dag_id) REFERENCES dag(dag_id) ON DELETE CASCADE,
  CONSTRAINT asset_use_check CHECK (((task_id = ''::text) = (kind = ANY (ARRAY[3, 4])))) NOT VALID,
  CONSTRAINT asset_use_kind_check CHECK (((kind >= 1) AND (kind <= 4))) NOT VALID,
  CONSTRAINT asset_use_one CHECK (((asset_id = 0) <> (alias = ''::text)))
);
CREATE INDEX asset_use_of_alias ON asset_use USING btree (alias, kind) WHERE (alias <> ''::text);
CREATE INDEX asset_use_of_asset ON asset_use USING btree (asset_id, kind) WHERE (asset_id > 0);

CREATE TABLE asset_watcher (
  id integer NOT NULL GENERATED ALWAYS AS IDENTITY,
  asset_id integer NOT NULL,
  digest text NOT NULL,
  shard smallint NOT NULL,
  handler text NOT NULL,
  queue text NOT NULL,
  config bytea NOT NULL,
  summary text NOT NULL,
  cursor bytea,
  fires bigint NOT NULL DEFAULT 0,
  fired_at timestamp with time zone,
  failure bytea,
  failed_at timestamp with time zone,
  created_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT asset_watcher_pkey PRIMARY KEY (id),
  CONSTRAINT asset_watcher_once UNIQUE (asset_id, digest),
  CONSTRAINT asset_watcher_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES asset(id),
  CONSTRAINT asset_watcher_shard_fkey FOREIGN KEY (shard) REFERENCES shard(id),
  CONSTRAINT asset_watcher_failure CHECK (((failure IS NULL) = (failed_at IS NULL))),
  CONSTRAINT asset_watcher_handler_check CHECK (((length(handler) >= 1) AND (length(handler) <= 192))),
  CONSTRAINT asset_watcher_queue_check CHECK (((length(queue) >= 1) AND (length(queue) <= 250))),
  CONSTRAINT asset_watcher_summary_check CHECK (((length(summary) >= 1) AND (length(summary) <= 250)))
);
CREATE INDEX asset_watcher_of_shard ON asset_watcher USING btree (shard);

CREATE TABLE asset_watcher_use (
  dag_id text NOT NULL,
  watcher_id integer NOT NULL,
  CONSTRAINT asset_watcher_use_pkey PRIMARY KEY (dag_id, watcher_id),
  CONSTRAINT asset_watcher_use_dag_id_fkey FOREIGN KEY (dag_id) REFERENCES dag(dag_id) ON DELETE CASCADE,
  CONSTRAINT asset_watcher_use_watcher_id_fkey FOREIGN KEY (watcher_id) REFERENCES asset_watcher(id)
);
CREATE INDEX asset_watcher_use_of ON asset_watcher_use USING btree (watcher_id);

CREATE TABLE backfill (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  dag_id text NOT NULL,
  shard smallint NOT NULL,
  dag_version_id integer NOT NULL,
  from_at timestamp with time zone NOT NULL,
  to_at timestamp with time zone NOT NULL,
  as_of timestamp with time zone NOT NULL,
  anchor_at timestamp with time zone NOT NULL,
  is_reverse boolean NOT NULL,
  reprocess smallint NOT NULL,
  max_active_runs integer NOT NULL,
  params bytea NOT NULL,
  has_params boolean NOT NULL,
  note text NOT NULL,
  created_by text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  date_count integer NOT NULL,
  decided integer NOT NULL DEFAULT 0,
  decided_date timestamp with time zone,
  in_flight integer NOT NULL DEFAULT 0,
  existing integer NOT NULL DEFAULT 0,
  state smallint NOT NULL DEFAULT 1,
  ended_at timestamp with time zone,
  CONSTRAINT backfill_pkey PRIMARY KEY (id),
  CONSTRAINT backfill_dag_version_id_dag_id_fkey FOREIGN KEY (dag_version_id, dag_id) REFERENCES dag_version(id, dag_id) ON DELETE CASCADE,
  CONSTRAINT backfill_shard_fkey FOREIGN KEY (shard) REFERENCES shard(id),
  CONSTRAINT backfill_check CHECK (((decided >= 0) AND (decided <= date_count))),
  CONSTRAINT backfill_check1 CHECK ((from_at <= to_at)),
  CONSTRAINT backfill_check2 CHECK (((decided = 0) = (decided_date IS NULL))),
  CONSTRAINT backfill_check3 CHECK (((ended_at IS NOT NULL) = (state = ANY (ARRAY[4, 5])))),
  CONSTRAINT backfill_check4 CHECK (((state <> 4) OR (decided = date_count))),
  CONSTRAINT backfill_date_count_check CHECK (((date_count >= 0) AND (date_count <= 100000))),
  CONSTRAINT backfill_max_active_runs_check CHECK ((max_active_runs > 0)),
  CONSTRAINT backfill_reprocess_check CHECK (((reprocess >= 1) AND (reprocess <= 3))),
  CONSTRAINT backfill_state_check CHECK (((state >= 1) AND (state <= 5)))
);
CREATE INDEX backfill_of_dag ON backfill USING btree (dag_id, id DESC);
CREATE UNIQUE INDEX backfill_open ON backfill USING btree (dag_id) WHERE (state < 4);

CREATE TABLE backfill_date (
  backfill_id bigint NOT NULL,
  ordinal integer NOT NULL,
  logical_at timestamp with time zone NOT NULL,
  outcome smallint NOT NULL,
  run_id bigint NOT NULL,
  reopen_count integer NOT NULL DEFAULT 0,
  CONSTRAINT backfill_date_pkey PRIMARY KEY (backfill_id, ordinal),
  CONSTRAINT backfill_date_backfill_id_fkey FOREIGN KEY (backfill_id) REFERENCES backfill(id) ON DELETE CASCADE,
  CONSTRAINT backfill_date_ordinal_check CHECK ((ordinal > 0)),
  CONSTRAINT backfill_date_outcome_check CHECK (((outcome >= 1) AND (outcome <= 4)))
);

CREATE TABLE bundle (
  digest text NOT NULL,
  content bytea NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT bundle_pkey PRIMARY KEY (digest),
  CONSTRAINT bundle_digest_check CHECK ((digest ~ '^[0-9a-f]{64}$'::text))
);

CREATE TABLE callback_delivery (
  run_id bigint NOT NULL,
  ix integer NOT NULL,
  map_ix integer NOT NULL,
  attempt integer NOT NULL,
  event smallint NOT NULL,
  ordinal smallint NOT NULL,
  state smallint NOT NULL DEFAULT 1,
  tries integer NOT NULL DEFAULT 0,
  happened_at timestamp with time zone NOT NULL,
  next_try_at timestamp with time zone,
  ended_at timestamp with time zone,
  cause bytea,
  failure bytea,
  CONSTRAINT callback_delivery_pkey PRIMARY KEY (run_id, ix, map_ix, attempt, event, ordinal),
  CONSTRAINT callback_delivery_attempt_check CHECK ((attempt >= 0)),
  CONSTRAINT callback_delivery_ended CHECK (((ended_at IS NULL) = (state = 1))),
  CONSTRAINT callback_delivery_event_check CHECK (((event >= 1) AND (event <= 6))),
  CONSTRAINT callback_delivery_ix_check CHECK ((ix >= '-1'::integer)),
  CONSTRAINT callback_delivery_map_ix_check CHECK ((map_ix >= '-1'::integer)),
  CONSTRAINT callback_delivery_next CHECK (((next_try_at IS NULL) OR (state = 1))),
  CONSTRAINT callback_delivery_ordinal_check CHECK ((ordinal >= 0)),
  CONSTRAINT callback_delivery_state_check CHECK (((state >= 1) AND (state <= 3))),
  CONSTRAINT callback_delivery_tries_check CHECK ((tries >= 0))
);
CREATE INDEX callback_delivery_pending ON callback_delivery USING btree (run_id) WHERE (state = 1);

CREATE TABLE credential (
  id integer NOT NULL GENERATED ALWAYS AS IDENTITY,
  kind text NOT NULL,
  name text NOT NULL,
  role text NOT NULL,
  token_hash bytea NOT NULL,
  queues text[] NOT NULL DEFAULT '{}'::text[],
  created_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamp with time zone,
  used_at timestamp with time zone,
  CONSTRAINT credential_pkey PRIMARY KEY (id),
  CONSTRAINT credential_token_hash_key UNIQUE (token_hash),
  CONSTRAINT credential_kind_check CHECK ((kind = ANY (ARRAY['api_key'::text, 'worker_key'::text, 'login_token'::text, 'console_session'::text]))),
  CONSTRAINT credential_role_check CHECK ((role = ANY (ARRAY['admin'::text, 'worker'::text])))
);

CREATE TABLE dag (
  dag_id text NOT NULL,
  shard smallint NOT NULL,
  version integer NOT NULL,
  folder text NOT NULL,
  file text NOT NULL,
  description text NOT NULL,
  tags text[] NOT NULL,
  owner text NOT NULL,
  schedule text NOT NULL,
  timezone text NOT NULL,
  is_paused boolean NOT NULL,
  is_active boolean NOT NULL,
  scheduled_through timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  next_run_at timestamp with time zone,
  changed_seq bigint NOT NULL,
  registered_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  last_interval_start timestamp with time zone,
  last_interval_end timestamp with time zone,
  schedule_problem text NOT NULL DEFAULT ''::text,
  next_run_noted_at timestamp with time zone,
  CONSTRAINT dag_pkey PRIMARY KEY (dag_id),
  CONSTRAINT dag_shard_fkey FOREIGN KEY (shard) REFERENCES shard(id),
  CONSTRAINT dag_dag_id_check CHECK (((length(dag_id) >= 1) AND (length(dag_id) <= 250))),
  CONSTRAINT dag_last_interval CHECK (((last_interval_start IS NULL) = (last_interval_end IS NULL))),
  CONSTRAINT dag_schedule_problem CHECK ((length(schedule_problem) <= 10000)),
  CONSTRAINT dag_version_check CHECK ((version > 0))
);
CREATE INDEX dag_changed ON dag USING btree (changed_seq);

CREATE TABLE dag_dependency (
  dag_id text NOT NULL,
  kind smallint NOT NULL,
  other_id text NOT NULL,
  task_id text NOT NULL,
  CONSTRAINT dag_dependency_pkey PRIMARY KEY (dag_id, kind, other_id, task_id),
  CONSTRAINT dag_dependency_dag_id_fkey FOREIGN KEY (dag_id) REFERENCES dag(dag_id) ON DELETE CASCADE
);
CREATE INDEX dag_dependency_other ON dag_dependency USING btree (other_id);

CREATE TABLE dag_version (
  id integer NOT NULL GENERATED ALWAYS AS IDENTITY,
  dag_id text NOT NULL,
  version integer NOT NULL,
  digest text NOT NULL,
  spec bytea NOT NULL,
  file text NOT NULL,
  source text NOT NULL,
  bundle_digest text,
  task_count integer NOT NULL,
  registered_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT dag_version_pkey PRIMARY KEY (id),
  CONSTRAINT dag_version_dag_id_version_key UNIQUE (dag_id, version),
  CONSTRAINT dag_version_id_dag_id_key UNIQUE (id, dag_id),
  CONSTRAINT dag_version_bundle_digest_fkey FOREIGN KEY (bundle_digest) REFERENCES bundle(digest),
  CONSTRAINT dag_version_dag_id_fkey FOREIGN KEY (dag_id) REFERENCES dag(dag_id) ON DELETE CASCADE,
  CONSTRAINT dag_version_task_count_check CHECK ((task_count > 0)),
  CONSTRAINT dag_version_version_check CHECK ((version > 0))
);

CREATE TABLE deadline (
  run_id bigint NOT NULL,
  ix integer NOT NULL,
  ordinal smallint NOT NULL,
  state smallint NOT NULL DEFAULT 1,
  due_at timestamp with time zone NOT NULL,
  at_risk_at timestamp with time zone,
  estimated_end_at timestamp with time zone,
  critical_task_ids text[] NOT NULL DEFAULT '{}'::text[],
  missed_at timestamp with time zone,
  CONSTRAINT deadline_pkey PRIMARY KEY (run_id, ix, ordinal),
  CONSTRAINT deadline_at_risk CHECK (((state <> 2) OR (at_risk_at IS NOT NULL))),
  CONSTRAINT deadline_estimated CHECK (((at_risk_at IS NULL) = (estimated_end_at IS NULL))),
  CONSTRAINT deadline_ix_check CHECK ((ix >= '-1'::integer)),
  CONSTRAINT deadline_missed CHECK (((missed_at IS NOT NULL) = (state = 3))),
  CONSTRAINT deadline_ordinal_check CHECK ((ordinal >= 0)),
  CONSTRAINT deadline_state_check CHECK (((state >= 1) AND (state <= 4))) NOT VALID
);
CREATE INDEX deadline_open ON deadline USING btree (run_id) WHERE (state = ANY (ARRAY[1, 2]));

CREATE TABLE event (
  run_id bigint NOT NULL,
  seq bigint NOT NULL,
  at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  run_state smallint NOT NULL,
  changes integer[] NOT NULL,
  CONSTRAINT event_pkey PRIMARY KEY (run_id, seq),
  CONSTRAINT event_changes_check CHECK (((cardinality(changes) % 4) = 0))
);

CREATE TABLE expansion (
  run_id bigint NOT NULL,
  ix integer NOT NULL,
  length integer NOT NULL,
  CONSTRAINT expansion_pkey PRIMARY KEY (run_id, ix),
  CONSTRAINT expansion_length_check CHECK ((length >= '-1'::integer))
) WITH (fillfactor=70);

CREATE TABLE import_error (
  folder text NOT NULL,
  file text NOT NULL,
  message text NOT NULL,
  seen_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT import_error_pkey PRIMARY KEY (folder, file)
);

CREATE TABLE input_request (
  run_id bigint NOT NULL,
  ix integer NOT NULL,
  map_ix integer NOT NULL,
  attempt integer NOT NULL,
  state smallint NOT NULL DEFAULT 1,
  form bytea NOT NULL,
  asked_at timestamp with time zone NOT NULL,
  timeout_at timestamp with time zone,
  ended_at timestamp with time zone,
  answered_by text,
  answer bytea,
  CONSTRAINT input_request_pkey PRIMARY KEY (run_id, ix, map_ix, attempt),
  CONSTRAINT input_request_answer CHECK ((((answer IS NOT NULL) = (state = 2)) AND ((answered_by IS NOT NULL) = (state = 2)))),
  CONSTRAINT input_request_attempt_check CHECK ((attempt > 0)),
  CONSTRAINT input_request_ended CHECK (((ended_at IS NULL) = (state = 1))),
  CONSTRAINT input_request_map_ix_check CHECK ((map_ix >= '-1'::integer)),
  CONSTRAINT input_request_state_check CHECK (((state >= 1) AND (state <= 4)))
);
CREATE INDEX input_request_newest ON input_request USING btree (state, asked_at, run_id, ix, map_ix, attempt);
CREATE INDEX input_request_open ON input_request USING btree (run_id, ix, map_ix) WHERE (state = 1);

CREATE TABLE pool (
  name text NOT NULL,
  slots integer,
  description text NOT NULL DEFAULT ''::text,
  include_deferred boolean NOT NULL DEFAULT false,
  created_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  changed_seq bigint NOT NULL,
  CONSTRAINT pool_pkey PRIMARY KEY (name),
  CONSTRAINT pool_name_check CHECK (((length(name) >= 1) AND (length(name) <= 250))),
  CONSTRAINT pool_slots_check CHECK (((slots >= 1) AND (slots <= 1000000)))
);

CREATE TABLE pool_grant (
  pool text NOT NULL,
  shard smallint NOT NULL,
  slots integer NOT NULL,
  wanted integer NOT NULL,
  "least" integer NOT NULL,
  wanted_since timestamp with time zone,
  running integer NOT NULL,
  deferred integer NOT NULL,
  waiting integer NOT NULL,
  at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT pool_grant_pkey PRIMARY KEY (pool, shard),
  CONSTRAINT pool_grant_pool_fkey FOREIGN KEY (pool) REFERENCES pool(name) ON DELETE CASCADE,
  CONSTRAINT pool_grant_shard_fkey FOREIGN KEY (shard) REFERENCES shard(id),
  CONSTRAINT pool_grant_check CHECK (((wanted_since IS NOT NULL) = (wanted > 0))),
  CONSTRAINT pool_grant_least_check CHECK (("least" >= 0)),
  CONSTRAINT pool_grant_slots_check CHECK ((slots >= 0)),
  CONSTRAINT pool_grant_wanted_check CHECK ((wanted >= 0))
);

CREATE TABLE rate_start (
  key text NOT NULL,
  per_ms bigint NOT NULL,
  slice bigint NOT NULL,
  taken integer NOT NULL,
  CONSTRAINT rate_start_pkey PRIMARY KEY (key, per_ms, slice),
  CONSTRAINT rate_start_key_check CHECK (((length(key) >= 1) AND (length(key) <= 250))),
  CONSTRAINT rate_start_per_ms_check CHECK ((per_ms > 0)),
  CONSTRAINT rate_start_taken_check CHECK ((taken > 0))
);

CREATE TABLE request (
  method text NOT NULL,
  principal text NOT NULL,
  request_id text NOT NULL,
  body_hash bytea NOT NULL,
  answer bytea NOT NULL,
  at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT request_pkey PRIMARY KEY (method, principal, request_id)
);
CREATE INDEX request_age ON request USING btree (at);

CREATE TABLE run (
  id bigint NOT NULL,
  dag_id text NOT NULL,
  dag_version_id integer NOT NULL,
  shard smallint NOT NULL,
  state smallint NOT NULL,
  run_type smallint NOT NULL,
  run_name text NOT NULL,
  logical_at timestamp with time zone,
  interval_start_at timestamp with time zone,
  interval_end_at timestamp with time zone,
  run_after timestamp with time zone NOT NULL,
  params bytea NOT NULL,
  queued_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  started_at timestamp with time zone,
  ended_at timestamp with time zone,
  cancel_requested_at timestamp with time zone,
  failure bytea,
  counts integer[] NOT NULL DEFAULT '{}'::integer[],
  note text NOT NULL DEFAULT ''::text,
  triggered_by text NOT NULL,
  revision bigint NOT NULL DEFAULT 0,
  reopen_count integer NOT NULL DEFAULT 0,
  backfill_id bigint,
  backfill_ordinal integer,
  partition_key text,
  inputs bytea,
  CONSTRAINT run_pkey PRIMARY KEY (id),
  CONSTRAINT run_dag_id_run_name_key UNIQUE (dag_id, run_name),
  CONSTRAINT run_dag_version_id_dag_id_fkey FOREIGN KEY (dag_version_id, dag_id) REFERENCES dag_version(id, dag_id) ON DELETE CASCADE,
  CONSTRAINT run_backfill CHECK (((backfill_id IS NULL) = (backfill_ordinal IS NULL))),
  CONSTRAINT run_check CHECK (((ended_at IS NOT NULL) = (state = ANY (ARRAY[3, 4])))),
  CONSTRAINT run_check1 CHECK (((state <> 2) OR (started_at IS NOT NULL))),
  CONSTRAINT run_failure CHECK (((failure IS NULL) OR (state = ANY (ARRAY[2, 4])))),
  CONSTRAINT run_id_check CHECK (((id > 0) AND (id < '9007199254740992'::bigint))),
  CONSTRAINT run_partition_key CHECK (((length(partition_key) >= 1) AND (length(partition_key) <= 250))) NOT VALID,
  CONSTRAINT run_queued CHECK (((state <> 1) OR (started_at IS NULL))),
  CONSTRAINT run_reopen_count_check CHECK ((reopen_count >= 0)),
  CONSTRAINT run_run_type_check CHECK (((run_type >= 1) AND (run_type <= 5))) NOT VALID,
  CONSTRAINT run_state_check CHECK (((state >= 1) AND (state <= 4)))
) WITH (fillfactor=70);
CREATE INDEX run_active ON run USING btree (shard) WHERE (state = ANY (ARRAY[1, 2]));
CREATE UNIQUE INDEX run_logical ON run USING btree (dag_id, logical_at) WHERE (logical_at IS NOT NULL);
CREATE INDEX run_newest ON run USING btree (queued_at, id);
CREATE INDEX run_of_backfill ON run USING btree (backfill_id, state) WHERE (backfill_id IS NOT NULL);
CREATE INDEX run_of_dag ON run USING btree (dag_id, id DESC);

CREATE TABLE run_asset_event (
  run_id bigint NOT NULL,
  event_id bigint NOT NULL,
  CONSTRAINT run_asset_event_pkey PRIMARY KEY (run_id, event_id)
);
CREATE INDEX run_asset_event_of ON run_asset_event USING btree (event_id);

CREATE TABLE run_trigger (
  parent_run_id bigint NOT NULL,
  ix integer NOT NULL,
  map_ix integer NOT NULL,
  dag_id text NOT NULL,
  attempt integer NOT NULL,
  child_run_id bigint NOT NULL,
  depth smallint NOT NULL,
  is_current boolean NOT NULL DEFAULT true,
  parent_dag_id text NOT NULL,
  task_id text NOT NULL,
  at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT run_trigger_pkey PRIMARY KEY (parent_run_id, ix, map_ix, dag_id, attempt),
  CONSTRAINT run_trigger_attempt_check CHECK ((attempt > 0)),
  CONSTRAINT run_trigger_depth_check CHECK ((depth > 0))
);
CREATE INDEX run_trigger_child ON run_trigger USING btree (child_run_id, at);

CREATE TABLE shard (
  id smallint NOT NULL,
  owner text,
  epoch bigint NOT NULL DEFAULT 0,
  expires_at timestamp with time zone NOT NULL DEFAULT '-infinity'::timestamp with time zone,
  CONSTRAINT shard_pkey PRIMARY KEY (id)
);

CREATE TABLE signing_key (
  name text NOT NULL,
  secret bytea NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT signing_key_pkey PRIMARY KEY (name),
  CONSTRAINT signing_key_secret_check CHECK ((length(secret) >= 32))
);

CREATE TABLE task_instance (
  run_id bigint NOT NULL,
  ix integer NOT NULL,
  map_ix integer NOT NULL,
  state smallint NOT NULL,
  attempt integer NOT NULL,
  uncounted integer NOT NULL DEFAULT 0,
  session_key integer,
  ready_at timestamp with time zone,
  started_at timestamp with time zone,
  ended_at timestamp with time zone,
  wait_until timestamp with time zone,
  "out" bytea,
  failure bytea,
  losses smallint NOT NULL DEFAULT 0,
  lengths integer[],
  choice text[],
  map_index_label text,
  deferral bytea,
  CONSTRAINT task_instance_pkey PRIMARY KEY (run_id, ix, map_ix),
  CONSTRAINT task_instance_attempt CHECK ((((session_key IS NULL) = (started_at IS NULL)) AND ((started_at IS NULL) OR (attempt > 0)))),
  CONSTRAINT task_instance_choice CHECK (((choice IS NULL) OR (state = 6))),
  CONSTRAINT task_instance_cleared CHECK (((state <> 1) OR ((started_at IS NULL) AND (ready_at IS NULL) AND (uncounted = attempt) AND (losses = 0)))),
  CONSTRAINT task_instance_deferral CHECK ((((deferral IS NULL) OR (state = ANY (ARRAY[2, 4, 11, 13, 14]))) AND ((deferral IS NOT NULL) OR (state <> ALL (ARRAY[13, 14]))))) NOT VALID,
  CONSTRAINT task_instance_ended CHECK (((ended_at IS NOT NULL) = (state <> ALL (ARRAY[1, 4, 5])))),
  CONSTRAINT task_instance_failure CHECK (((failure IS NULL) OR (state = ANY (ARRAY[2, 7, 11])))),
  CONSTRAINT task_instance_grants CHECK ((((losses >= 0) AND (losses <= attempt)) AND (uncounted <= attempt))),
  CONSTRAINT task_instance_label CHECK (((length(map_index_label) >= 1) AND (length(map_index_label) <= 250))),
  CONSTRAINT task_instance_lengths CHECK (((lengths IS NULL) OR (state = 6))),
  CONSTRAINT task_instance_map_ix CHECK ((map_ix >= '-1'::integer)),
  CONSTRAINT task_instance_out CHECK ((("out" IS NULL) OR ((state = 6) AND (started_at IS NOT NULL)))),
  CONSTRAINT task_instance_removed CHECK (((state <> 10) OR (started_at IS NULL))),
  CONSTRAINT task_instance_state CHECK ((state = ANY (ARRAY[1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]))) NOT VALID,
  CONSTRAINT task_instance_tried CHECK (((state <> ALL (ARRAY[2, 4, 5, 11, 12, 13, 14])) OR (started_at IS NOT NULL))) NOT VALID,
  CONSTRAINT task_instance_waits CHECK (((wait_until IS NOT NULL) = (state = ANY (ARRAY[11, 12]))))
) WITH (fillfactor=40, autovacuum_vacuum_scale_factor=0.05);

CREATE TABLE task_instance_attempt (
  run_id bigint NOT NULL,
  ix integer NOT NULL,
  map_ix integer NOT NULL,
  attempt integer NOT NULL,
  state smallint NOT NULL,
  session_key integer,
  started_at timestamp with time zone,
  ended_at timestamp with time zone,
  failure bytea,
  CONSTRAINT task_instance_attempt_pkey PRIMARY KEY (run_id, ix, map_ix, attempt),
  CONSTRAINT task_instance_attempt_attempt CHECK ((attempt > 0)),
  CONSTRAINT task_instance_attempt_state CHECK ((state = ANY (ARRAY[2, 5, 6, 7, 8, 9, 11, 12, 13, 14]))) NOT VALID
);

CREATE TABLE task_log (
  run_id bigint NOT NULL,
  ix integer NOT NULL,
  map_ix integer NOT NULL,
  attempt integer NOT NULL,
  first_seq bigint NOT NULL,
  last_seq bigint NOT NULL,
  lines bytea NOT NULL,
  at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT task_log_pkey PRIMARY KEY (run_id, ix, map_ix, attempt, first_seq),
  CONSTRAINT task_log_check CHECK ((last_seq >= first_seq)),
  CONSTRAINT task_log_first_seq_check CHECK ((first_seq > 0))
);

CREATE TABLE worker_session (
  key integer NOT NULL GENERATED ALWAYS AS IDENTITY,
  session_id text NOT NULL,
  token_hash bytea NOT NULL,
  request_id text NOT NULL,
  worker_name text NOT NULL,
  sdk text NOT NULL,
  queues text[] NOT NULL,
  handlers text[] NOT NULL,
  runs_bundles boolean NOT NULL,
  slots integer NOT NULL,
  node_id text NOT NULL,
  started_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  renewed_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamp with time zone NOT NULL,
  ended_at timestamp with time zone,
  CONSTRAINT worker_session_pkey PRIMARY KEY (key),
  CONSTRAINT worker_session_request_id_key UNIQUE (request_id),
  CONSTRAINT worker_session_session_id_key UNIQUE (session_id),
  CONSTRAINT worker_session_slots_check CHECK ((slots > 0))
);
CREATE INDEX worker_session_live ON worker_session USING btree (expires_at) WHERE (ended_at IS NULL);

CREATE TABLE xcom (
  run_id bigint NOT NULL,
  ix integer NOT NULL,
  map_ix integer NOT NULL,
  key text NOT NULL,
  value bytea NOT NULL,
  CONSTRAINT xcom_pkey PRIMARY KEY (run_id, ix, map_ix, key),
  CONSTRAINT xcom_key_check CHECK ((((length(key) >= 1) AND (length(key) <= 512)) AND (key <> 'return_value'::text))) NOT VALID
);
