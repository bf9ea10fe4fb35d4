-- Waiting without a slot: deferrals, forms for people, tokens; and callbacks, which workers run after the fact.

ALTER TABLE task_instance
  -- millrace.internal.v1.DeferralRow: from the moment its body deferred until the attempt that goes on with it has ended.
  ADD COLUMN deferral bytea,
  DROP CONSTRAINT task_instance_state,
  DROP CONSTRAINT task_instance_tried,
  -- 1 none (cleared), 2 scheduled (given back, or about to go on), 4 running, 5 restarting, 6 success, 7 failed,
  -- 8 skipped, 9 upstream_failed, 10 removed, 11 up_for_retry, 12 up_for_reschedule, 13 deferred, 14 awaiting_input
  ADD CONSTRAINT task_instance_state CHECK (state IN (1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)) NOT VALID,
  ADD CONSTRAINT task_instance_tried CHECK (state NOT IN (2, 4, 5, 11, 12, 13, 14) OR started_at IS NOT NULL) NOT VALID,
  ADD CONSTRAINT task_instance_deferral CHECK (
    (deferral IS NULL OR state IN (2, 4, 11, 13, 14)) AND (deferral IS NOT NULL OR state NOT IN (13, 14))
  ) NOT VALID;

ALTER TABLE task_instance_attempt
  DROP CONSTRAINT task_instance_attempt_state,
  -- As before, and: 13, 14 gave its slot back; what came is the next attempt's.
  ADD CONSTRAINT task_instance_attempt_state CHECK (state IN (2, 5, 6, 7, 8, 9, 11, 12, 13, 14)) NOT VALID;

ALTER TABLE xcom
  DROP CONSTRAINT xcom_key_check,
  ADD CONSTRAINT xcom_key_check CHECK (length(key) BETWEEN 1 AND 512 AND key <> 'return_value') NOT VALID;

-- What people are asked. One row for each wait: written when the task begins to await input, closed when that ends.
CREATE TABLE input_request (
  run_id bigint NOT NULL,
  ix int NOT NULL,
  map_ix int NOT NULL CHECK (map_ix >= -1),
  attempt int NOT NULL CHECK (attempt > 0),
  -- millrace.v1.InputState: 1 open, 2 answered, 3 timed out, 4 withdrawn.
  state smallint NOT NULL DEFAULT 1 CHECK (state BETWEEN 1 AND 4),
  -- millrace.v1.InputForm
  form bytea NOT NULL,
  asked_at timestamptz NOT NULL,
  timeout_at timestamptz,
  ended_at timestamptz,
  answered_by text,
  -- Codec JSON.
  answer bytea,
  PRIMARY KEY (run_id, ix, map_ix, attempt),
  CONSTRAINT input_request_ended CHECK ((ended_at IS NULL) = (state = 1)),
  CONSTRAINT input_request_answer CHECK ((answer IS NOT NULL) = (state = 2) AND (answered_by IS NOT NULL) = (state = 2))
);
CREATE INDEX input_request_open ON input_request (run_id, ix, map_ix) WHERE state = 1;
-- Lists over all runs, newest first.
CREATE INDEX input_request_newest ON input_request (state, asked_at, run_id, ix, map_ix, attempt);

-- Callbacks that are to run, and those that ran. ix is -1 for those of the run, whose attempt counts its ends.
CREATE TABLE callback_delivery (
  run_id bigint NOT NULL,
  ix int NOT NULL CHECK (ix >= -1),
  map_ix int NOT NULL CHECK (map_ix >= -1),
  attempt int NOT NULL CHECK (attempt >= 0),
  -- millrace.v1.CallbackEvent: 1 success, 2 failure, 3 retry, 4 skipped.
  event smallint NOT NULL CHECK (event BETWEEN 1 AND 4),
  -- Which of the callbacks in the spec: its place there.
  ordinal smallint NOT NULL CHECK (ordinal >= 0),
  -- millrace.v1.DeliveryState: 1 pending, 2 delivered, 3 failed.
  state smallint NOT NULL DEFAULT 1 CHECK (state BETWEEN 1 AND 3),
  tries int NOT NULL DEFAULT 0 CHECK (tries >= 0),
  happened_at timestamptz NOT NULL,
  -- With pending: not before this.
  next_try_at timestamptz,
  ended_at timestamptz,
  -- millrace.v1.Failure: what happened to the task or the run.
  cause bytea,
  -- millrace.v1.Failure: why the newest try of the callback failed.
  failure bytea,
  PRIMARY KEY (run_id, ix, map_ix, attempt, event, ordinal),
  CONSTRAINT callback_delivery_ended CHECK ((ended_at IS NULL) = (state = 1)),
  CONSTRAINT callback_delivery_next CHECK (next_try_at IS NULL OR state = 1)
);
-- A take-over looks for what is pending.
CREATE INDEX callback_delivery_pending ON callback_delivery (run_id) WHERE state = 1;

-- Keys that the installation signs with. Made by the first node that needs one.
CREATE TABLE signing_key (
  name text PRIMARY KEY,
  secret bytea NOT NULL CHECK (length(secret) >= 32),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
