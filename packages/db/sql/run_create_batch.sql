-- run_create_batch: makes runs, each with the stored answer to its request, moves the schedules they are ticks of, and notes
-- the dates of backfills they are for.
-- Under flush_fence, and nothing at all unless the shards $18 are still held with the epochs $19. Returns one row for each
-- asked run: is_held, is_born, or why not: the answer given before (body_hash, answer), or is_date_taken; with neither,
-- the name is taken.
-- Rows are parallel arrays, $1 to $17 and $20 to $23, in the order of the columns of asked; request columns are NULL for ticks.
WITH fence AS MATERIALIZED (
  SELECT count(*) = cardinality($18::smallint[]) AS is_held
  FROM unnest($18::smallint[], $19::bigint[]) AS f (id, epoch)
  JOIN shard AS s ON s.id = f.id AND s.epoch = f.epoch
),
asked AS (
  SELECT *
  FROM unnest($1::bigint[], $2::text[], $3::int[], $4::smallint[], $5::smallint[], $6::text[], $7::timestamptz[],
              $8::timestamptz[], $9::bytea[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bytea[], $15::bytea[],
              $16::timestamptz[], $17::timestamptz[], $20::bigint[], $21::int[], $22::text[], $23::bytea[])
    AS a (id, dag_id, dag_version_id, shard, run_type, run_name, logical_at,
          run_after, params, note, triggered_by, method, request_id, body_hash, answer,
          interval_start_at, interval_end_at, backfill_id, backfill_ordinal, partition_key, inputs)
),
known AS (
  SELECT asked.id, r.body_hash, r.answer
  FROM asked
  JOIN request AS r
    ON r.method = asked.method AND r.principal = asked.triggered_by AND r.request_id = asked.request_id
),
born AS (
  INSERT INTO run (id, dag_id, dag_version_id, shard, state, run_type, run_name, logical_at, interval_start_at,
                   interval_end_at, run_after, params, note, triggered_by, backfill_id, backfill_ordinal, partition_key, inputs)
  SELECT id, dag_id, dag_version_id, shard, 1, run_type, run_name, logical_at, interval_start_at, interval_end_at, run_after, params,
         note, triggered_by, backfill_id, backfill_ordinal, partition_key, inputs
  FROM asked
  WHERE (SELECT is_held FROM fence) AND NOT EXISTS (SELECT 1 FROM known WHERE known.id = asked.id)
  ORDER BY id
  ON CONFLICT DO NOTHING
  RETURNING id, queued_at
),
answered AS (
  INSERT INTO request (method, principal, request_id, body_hash, answer)
  SELECT asked.method, asked.triggered_by, asked.request_id, asked.body_hash, asked.answer
  FROM asked
  JOIN born ON born.id = asked.id
  WHERE asked.request_id IS NOT NULL
),
dated AS (
  INSERT INTO backfill_date (backfill_id, ordinal, logical_at, outcome, run_id)
  SELECT asked.backfill_id, asked.backfill_ordinal, asked.logical_at, 1, asked.id
  FROM asked
  JOIN born ON born.id = asked.id
  WHERE asked.backfill_id IS NOT NULL
),
ticked AS (
  UPDATE dag
  SET scheduled_through = greatest(dag.scheduled_through, asked.interval_end_at),
    last_interval_start = asked.interval_start_at, last_interval_end = asked.interval_end_at
  FROM asked
  WHERE (SELECT is_held FROM fence) AND asked.run_type = 1 AND dag.dag_id = asked.dag_id
    AND (dag.last_interval_end IS NULL OR dag.last_interval_end <= asked.interval_end_at)
)
SELECT asked.id, (SELECT is_held FROM fence), born.queued_at, known.body_hash, known.answer,
       asked.logical_at IS NOT NULL AND EXISTS (
         SELECT 1 FROM run AS other WHERE other.dag_id = asked.dag_id AND other.logical_at = asked.logical_at
       ) AS is_date_taken
FROM asked
LEFT JOIN born ON born.id = asked.id
LEFT JOIN known ON known.id = asked.id
