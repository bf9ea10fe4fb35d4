-- Timetables: what the newest automated run of a DAG was about, from which the next one follows.
-- scheduled_through stays: without catch-up, ticks of a clock up to there are over, made or missed.

ALTER TABLE dag
  ADD COLUMN last_interval_start timestamptz,
  ADD COLUMN last_interval_end timestamptz,
  ADD CONSTRAINT dag_last_interval CHECK ((last_interval_start IS NULL) = (last_interval_end IS NULL));
