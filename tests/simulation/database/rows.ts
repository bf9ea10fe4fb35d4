/** Rows as the tables hold them, named as in the schema. Instants are milliseconds since 1970. */

export type ShardRow = { id: number; owner: string | null; epoch: number; expires_at: number };

export type DagRow = {
  dag_id: string;
  shard: number;
  version: number;
  folder: string;
  file: string;
  description: string;
  tags: string[];
  owner: string;
  schedule: string;
  timezone: string;
  is_paused: boolean;
  is_active: boolean;
  scheduled_through: number;
  last_interval_start: number | null;
  last_interval_end: number | null;
  next_run_at: number | null;
  next_run_noted_at: number | null;
  schedule_problem: string;
  changed_seq: number;
  registered_at: number;
};

export type DagVersionRow = {
  id: number;
  dag_id: string;
  version: number;
  digest: string;
  spec: Buffer;
  task_count: number;
  bundle_digest: string | null;
};

/** A commit that changed what an owner must know of a DAG. */
export type DagChange = {
  readonly dagId: string;
  readonly seq: number;
  readonly at: number;
  readonly isPaused: boolean;
  readonly isActive: boolean;
  /** `dag_version.id` of the newest version. */
  readonly versionId: number;
};

export type RunRow = {
  id: number;
  dag_id: string;
  dag_version_id: number;
  shard: number;
  state: number;
  run_type: number;
  run_name: string;
  logical_at: number | null;
  interval_start_at: number | null;
  interval_end_at: number | null;
  run_after: number;
  params: Buffer;
  queued_at: number;
  started_at: number | null;
  ended_at: number | null;
  cancel_requested_at: number | null;
  failure: Buffer | null;
  counts: number[];
  note: string;
  triggered_by: string;
  revision: number;
  reopen_count: number;
  backfill_id: number | null;
  backfill_ordinal: number | null;
  partition_key: string | null;
  inputs: Buffer | null;
};

export type InstanceRow = {
  run_id: number;
  ix: number;
  map_ix: number;
  state: number;
  attempt: number;
  uncounted: number;
  losses: number;
  session_key: number | null;
  ready_at: number | null;
  started_at: number | null;
  ended_at: number | null;
  wait_until: number | null;
  out: Buffer | null;
  failure: Buffer | null;
  lengths: number[] | null;
  choice: string[] | null;
  map_index_label: string | null;
  deferral: Buffer | null;
};

export type AttemptRow = {
  run_id: number;
  ix: number;
  map_ix: number;
  attempt: number;
  state: number;
  session_key: number | null;
  started_at: number | null;
  ended_at: number | null;
  failure: Buffer | null;
};

export type EventRow = {
  run_id: number;
  seq: number;
  at: number;
  run_state: number;
  changes: number[];
};

export type XcomRow = { run_id: number; ix: number; map_ix: number; key: string; value: Buffer };
export type ExpansionRow = { run_id: number; ix: number; length: number };

export type RequestRow = {
  method: string;
  principal: string;
  request_id: string;
  body_hash: Buffer;
  answer: Buffer;
  at: number;
};

export type SessionRow = {
  key: number;
  session_id: string;
  token_hash: Buffer;
  request_id: string;
  worker_name: string;
  sdk: string;
  queues: string[];
  handlers: string[];
  runs_bundles: boolean;
  slots: number;
  node_id: string;
  started_at: number;
  renewed_at: number;
  expires_at: number;
  ended_at: number | null;
};

export type InputRow = {
  run_id: number;
  ix: number;
  map_ix: number;
  attempt: number;
  state: number;
  form: Buffer;
  asked_at: number;
  timeout_at: number | null;
  ended_at: number | null;
  answered_by: string | null;
  answer: Buffer | null;
};

export type PoolRow = {
  name: string;
  slots: number | null;
  include_deferred: boolean;
  changed_seq: number;
};

export type PoolGrantRow = {
  pool: string;
  shard: number;
  slots: number;
  wanted: number;
  least: number;
  wanted_since: number | null;
  running: number;
  deferred: number;
  waiting: number;
};

/** `asset_use` of a schedule (3) or of inputs (4), and who it is. */
export type AssetUseRow = {
  dag_id: string;
  kind: 3 | 4;
  asset_id: number;
  alias: string;
  by_partition: boolean;
};

export type AssetWatcherRow = {
  id: number;
  asset_id: number;
  digest: string;
  shard: number;
  handler: string;
  queue: string;
  config: Buffer;
  cursor: Buffer | null;
  fires: number;
  failure: Buffer | null;
};

export type AssetEventRow = {
  id: number;
  asset_id: number;
  extra: Buffer | null;
  source: number;
  dag_id: string | null;
  run_id: number | null;
  task_id: string | null;
  map_ix: number | null;
  aliases: string[];
  partition_key: string | null;
  at: number;
};

export type AssetPendingRow = { dag_id: string; asset_id: number; event_id: number };

export type AssetPartitionRow = {
  dag_id: string;
  target_key: string;
  asset_id: number;
  event_id: number;
  part: string;
  problem: string;
  dag_version_id: number;
};

export type TriggerRow = {
  parent_run_id: number;
  ix: number;
  map_ix: number;
  attempt: number;
  dag_id: string;
  child_run_id: number;
  depth: number;
  is_current: boolean;
};

export type BackfillRow = {
  id: number;
  dag_id: string;
  shard: number;
  dag_version_id: number;
  from_at: number;
  to_at: number;
  as_of: number;
  anchor_at: number;
  is_reverse: boolean;
  reprocess: number;
  max_active_runs: number;
  params: Buffer;
  has_params: boolean;
  note: string;
  date_count: number;
  decided: number;
  decided_date: number | null;
  in_flight: number;
  existing: number;
  state: number;
};

export type BackfillDateRow = {
  backfill_id: number;
  ordinal: number;
  logical_at: number;
  outcome: number;
  run_id: number;
  reopen_count: number;
};

export type DeadlineRow = {
  run_id: number;
  ix: number;
  ordinal: number;
  state: number;
  due_at: number;
  at_risk_at: number | null;
  missed_at: number | null;
};

export type CallbackRow = {
  run_id: number;
  ix: number;
  map_ix: number;
  attempt: number;
  event: number;
  ordinal: number;
  state: number;
  tries: number;
  happened_at: number;
  next_try_at: number | null;
  ended_at: number | null;
  cause: Buffer | null;
  failure: Buffer | null;
};

/** Of a chunk of a log: its last line, and how long it is. */
export type LogChunkRow = { readonly last: number; readonly bytes: number };
