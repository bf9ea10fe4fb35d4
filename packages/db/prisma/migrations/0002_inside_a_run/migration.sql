-- Inside a run: waits of sensors, clearing and marking, mapped tasks, branches, and runs that are opened again.
-- Codes of state columns are those of packages/engine/src/spec/states.ts; the CHECKs repeat its state machine.

-- The old rules go first: they name columns that change.
ALTER TABLE task_instance
  DROP CONSTRAINT task_instance_attempt_check,
  DROP CONSTRAINT task_instance_state_check,
  DROP CONSTRAINT task_instance_check,
  DROP CONSTRAINT task_instance_check1,
  DROP CONSTRAINT task_instance_check2,
  DROP CONSTRAINT task_instance_check3,
  DROP CONSTRAINT task_instance_check4,
  DROP CONSTRAINT task_instance_check5,
  DROP CONSTRAINT task_instance_check6;
ALTER TABLE task_instance RENAME COLUMN lost TO uncounted;
ALTER TABLE task_instance RENAME COLUMN retry_at TO wait_until;

-- A task instance has a row once it has started or has got an outcome without that. Still no index but its key.
-- A sensor is granted once for each look, so 16 bits do not hold the attempts.
ALTER TABLE task_instance
  ALTER COLUMN attempt TYPE int,
  -- Grants that spend no retry: lost, given back, ended by a wait for the next look, or before the newest clear.
  ALTER COLUMN uncounted TYPE int,
  -- Grants whose worker was lost since the newest clear, and may have reported after all.
  ADD COLUMN losses smallint NOT NULL DEFAULT 0,
  -- Of a task that others map over: how long the lists are that they ask about; -1 where there is none.
  ADD COLUMN lengths int[],
  -- Of a branch or a short circuit: the cases it chose.
  ADD COLUMN choice text[],
  -- What people call this instance of a mapped task. NULL means its index.
  ADD COLUMN map_index_label text;

ALTER TABLE task_instance
  ADD CONSTRAINT task_instance_map_ix CHECK (map_ix >= -1),
  -- 1 none (cleared), 2 scheduled (given back), 4 running, 5 restarting, 6 success, 7 failed, 8 skipped,
  -- 9 upstream_failed, 10 removed, 11 up_for_retry, 12 up_for_reschedule
  ADD CONSTRAINT task_instance_state CHECK (state IN (1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12)),
  ADD CONSTRAINT task_instance_grants CHECK (losses BETWEEN 0 AND attempt AND uncounted <= attempt),
  -- started_at and session_key are those of the newest attempt, and go to task_instance_attempt with it.
  ADD CONSTRAINT task_instance_attempt CHECK (
    (session_key IS NULL) = (started_at IS NULL) AND (started_at IS NULL OR attempt > 0)
  ),
  ADD CONSTRAINT task_instance_tried CHECK (state NOT IN (2, 4, 5, 11, 12) OR started_at IS NOT NULL),
  -- A cleared task instance begins anew, with all its retries.
  ADD CONSTRAINT task_instance_cleared CHECK (
    state <> 1 OR (started_at IS NULL AND ready_at IS NULL AND uncounted = attempt AND losses = 0)
  ),
  ADD CONSTRAINT task_instance_removed CHECK (state <> 10 OR started_at IS NULL),
  ADD CONSTRAINT task_instance_ended CHECK ((ended_at IS NOT NULL) = (state NOT IN (1, 4, 5))),
  ADD CONSTRAINT task_instance_waits CHECK ((wait_until IS NOT NULL) = (state IN (11, 12))),
  -- What a body leaves stands with its success, and only then.
  ADD CONSTRAINT task_instance_out CHECK (out IS NULL OR (state = 6 AND started_at IS NOT NULL)),
  ADD CONSTRAINT task_instance_lengths CHECK (lengths IS NULL OR state = 6),
  ADD CONSTRAINT task_instance_choice CHECK (choice IS NULL OR state = 6),
  ADD CONSTRAINT task_instance_label CHECK (length(map_index_label) BETWEEN 1 AND 250),
  ADD CONSTRAINT task_instance_failure CHECK (failure IS NULL OR state IN (2, 7, 11));

-- Earlier attempts: written when the next one is granted, and when the task instance is cleared or removed. Attempts
-- that ended in a wait for the next look are parts of a try, and have no row.
ALTER TABLE task_instance_attempt
  ALTER COLUMN attempt TYPE int,
  ADD CONSTRAINT task_instance_attempt_attempt CHECK (attempt > 0),
  -- How it ended: 2 lost or given back, 5 cleared or removed while it ran, 6 to 9 its outcome, 11 failed, 12 waited to
  -- look again.
  ADD CONSTRAINT task_instance_attempt_state CHECK (state IN (2, 5, 6, 7, 8, 9, 11, 12));

ALTER TABLE task_log ALTER COLUMN attempt TYPE int;

-- How many instances the mapped tasks of a run have.
CREATE TABLE expansion (
  run_id bigint NOT NULL,
  ix int NOT NULL,
  -- -1 when it is not known any more, because what it is mapped over was cleared.
  length int NOT NULL CHECK (length >= -1),
  PRIMARY KEY (run_id, ix)
) WITH (fillfactor = 70);

-- How often a run was opened again after its end.
ALTER TABLE run
  DROP CONSTRAINT run_check2,
  ADD COLUMN reopen_count int NOT NULL DEFAULT 0 CHECK (reopen_count >= 0),
  -- Of a running one: what it will fail with, because a person said so, once its teardowns have run.
  ADD CONSTRAINT run_failure CHECK (failure IS NULL OR state IN (2, 4)),
  ADD CONSTRAINT run_queued CHECK (state <> 1 OR started_at IS NULL);
