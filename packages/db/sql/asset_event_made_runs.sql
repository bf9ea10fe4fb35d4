-- asset_event_made_runs: runs that these events made or helped to make, newest first, at most $2 of each event.
-- Index: run_asset_event_of, run_pkey.
-- @param {BigInt[]} $1:eventIds
-- @param {Int} $2:limit of each
SELECT v.event_id, r.id AS run_id, r.dag_id, r.run_name
FROM unnest($1::bigint[]) AS v (event_id)
CROSS JOIN LATERAL (
  SELECT m.run_id FROM run_asset_event AS m WHERE m.event_id = v.event_id ORDER BY m.run_id DESC LIMIT $2
) AS m
JOIN run AS r ON r.id = m.run_id
