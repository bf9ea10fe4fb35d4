-- dag_set_schedule_problem: notes what is wrong with the function of a DAG's timetable, for people. Nothing depends on it.
-- @param {String} $1:dagId
-- @param {String} $2:problem
UPDATE dag SET schedule_problem = $2 WHERE dag_id = $1 AND schedule_problem <> $2
