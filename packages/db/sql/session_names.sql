-- session_names: the workers' names of sessions.
-- Index: worker_session_pkey.
-- @param {Int[]} $1:keys
SELECT key, worker_name FROM worker_session WHERE key = ANY ($1::int[])
