-- Watchers of assets: what triggerers look at so that what happens there becomes events.

-- One row for each asset and thing that is watched, whoever asks for it. Never deleted: its cursor says where to go on.
CREATE TABLE asset_watcher (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  asset_id int NOT NULL REFERENCES asset (id),
  -- SHA-256 of what is watched, and by whom: handler, queue, config.
  digest text NOT NULL,
  -- Whose owner sees to it.
  shard smallint NOT NULL REFERENCES shard (id),
  handler text NOT NULL CHECK (length(handler) BETWEEN 1 AND 192),
  queue text NOT NULL CHECK (length(queue) BETWEEN 1 AND 250),
  -- Codec JSON.
  config bytea NOT NULL,
  summary text NOT NULL CHECK (length(summary) BETWEEN 1 AND 250),
  -- Codec JSON: where it goes on from. NULL before it has begun.
  cursor bytea,
  -- How often it has told something, its beginning included.
  fires bigint NOT NULL DEFAULT 0,
  -- When it last brought events.
  fired_at timestamptz,
  -- millrace.v1.Failure: what is wrong with it now.
  failure bytea,
  failed_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT asset_watcher_once UNIQUE (asset_id, digest),
  CONSTRAINT asset_watcher_failure CHECK ((failure IS NULL) = (failed_at IS NULL))
);
CREATE INDEX asset_watcher_of_shard ON asset_watcher (shard);

-- Which active DAGs ask for it. Only what one asks for is watched.
CREATE TABLE asset_watcher_use (
  dag_id text NOT NULL REFERENCES dag (dag_id) ON DELETE CASCADE,
  watcher_id int NOT NULL REFERENCES asset_watcher (id),
  PRIMARY KEY (dag_id, watcher_id)
);
CREATE INDEX asset_watcher_use_of ON asset_watcher_use (watcher_id);
