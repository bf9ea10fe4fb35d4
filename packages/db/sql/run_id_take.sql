-- run_id_take: blocks of 64 run ids; each row is the first id of one.
-- @param {Int} $1:blocks
SELECT nextval('run_id_seq') AS first FROM generate_series(1, $1)
