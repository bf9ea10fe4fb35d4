-- Inputs: dated instances of assets that runs wait for.

ALTER TABLE run
  -- millrace.v1.RunInstances: what the run was given. NULL until it is decided, and where its DAG has no inputs.
  ADD COLUMN inputs bytea;

ALTER TABLE asset_use
  DROP CONSTRAINT asset_use_kind_check,
  DROP CONSTRAINT asset_use_check,
  -- 1 outlet, 2 inlet, 3 schedule, 4 input
  ADD CONSTRAINT asset_use_kind_check CHECK (kind BETWEEN 1 AND 4) NOT VALID,
  -- Empty for the schedule and for inputs.
  ADD CONSTRAINT asset_use_check CHECK ((task_id = '') = (kind IN (3, 4))) NOT VALID;

-- Whether an instance is there: the first event with its key.
CREATE INDEX asset_event_of_partition ON asset_event (asset_id, partition_key, id) WHERE partition_key IS NOT NULL;
