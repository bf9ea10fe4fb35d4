-- pool_version: changes with every change of a pool, so that nobody reads all of them for nothing.
SELECT count(*)::int AS count, coalesce(max(changed_seq), 0) AS seq FROM pool
