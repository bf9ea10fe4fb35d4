-- input_request_count_open: how many wait for an answer, as far as anybody counts them.
-- Index: input_request_newest.
-- @param {Int} $1:most
SELECT count(*)::int AS open
FROM (SELECT 1 FROM input_request AS i WHERE i.state = 1 ORDER BY i.asked_at LIMIT $1) AS counted
