-- Notes of next runs arrive in any order: a statement whose answer was lost may come behind the one that followed it.

ALTER TABLE dag
  -- When next_run_at was noted outside a tick, by the clock of the owner that did; later notes count.
  ADD COLUMN next_run_noted_at timestamptz;
