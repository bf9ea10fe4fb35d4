-- Deadlines of runs and their tasks: a row for each until it was kept, or for good when it was missed.

CREATE TABLE deadline (
  run_id bigint NOT NULL,
  -- The task; -1 for deadlines of the run.
  ix integer NOT NULL CHECK (ix >= -1),
  -- Its place in the spec.
  ordinal smallint NOT NULL CHECK (ordinal >= 0),
  -- millrace.v1.DeadlineState: 1 pending, 2 at risk, 3 missed.
  state smallint NOT NULL DEFAULT 1 CHECK (state BETWEEN 1 AND 3),
  due_at timestamptz NOT NULL,
  at_risk_at timestamptz,
  -- When it was expected to be over, and the tasks that this was for: an estimate of that moment.
  estimated_end_at timestamptz,
  critical_task_ids text[] NOT NULL DEFAULT '{}',
  missed_at timestamptz,
  CONSTRAINT deadline_pkey PRIMARY KEY (run_id, ix, ordinal),
  CONSTRAINT deadline_missed CHECK ((missed_at IS NOT NULL) = (state = 3)),
  CONSTRAINT deadline_at_risk CHECK (state <> 2 OR at_risk_at IS NOT NULL),
  CONSTRAINT deadline_estimated CHECK ((at_risk_at IS NULL) = (estimated_end_at IS NULL))
);

CREATE INDEX deadline_open ON deadline (run_id) WHERE state IN (1, 2);

ALTER TABLE callback_delivery DROP CONSTRAINT callback_delivery_event_check;
-- 5 deadline missed, 6 deadline at risk.
ALTER TABLE callback_delivery ADD CONSTRAINT callback_delivery_event_check CHECK (event BETWEEN 1 AND 6);
