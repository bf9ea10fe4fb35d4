-- backfill_create: makes a backfill; its key. Fails on backfill_open while the DAG has another that is not over.
-- Under flush_fence. Columns in the order of the parameters.
INSERT INTO backfill (dag_id, shard, dag_version_id, from_at, to_at, as_of, anchor_at, is_reverse, reprocess,
                      max_active_runs, params, has_params, note, created_by, date_count)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
RETURNING id
