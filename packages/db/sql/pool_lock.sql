-- pool_lock: holds pools until the transaction ends: grants change under it only. In the order of names, so that no two wait
-- for each other. Only grants come under this lock; whoever changes the pool itself takes it as well.
-- @param {String[]} $1:names
SELECT name, slots, include_deferred, changed_seq FROM pool WHERE name = ANY ($1::text[]) ORDER BY name FOR UPDATE
