-- pool_list: all pools, as their owners have to know them.
SELECT name, slots, include_deferred, changed_seq FROM pool ORDER BY name
