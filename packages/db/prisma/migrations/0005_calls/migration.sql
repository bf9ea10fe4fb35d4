-- Custom timetables: what is wrong with the function that says when a DAG runs. Empty means nothing.

ALTER TABLE dag
  ADD COLUMN schedule_problem text NOT NULL DEFAULT '',
  ADD CONSTRAINT dag_schedule_problem CHECK (length(schedule_problem) <= 10000);
