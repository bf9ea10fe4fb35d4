-- flush_asset_events: makes the events of assets that successes of a flush are about, in its transaction and only of those
-- that took effect; and for each event a pending row for every DAG that is scheduled on its asset, or on an alias that
-- the asset was ever named for: of an event with a partition key, for those that wait by partition, else for the others. Assets that a task names for an alias are made, and linked to it. Returns those DAGs.
--
-- An asset that two flushes make at once is made by one; the other waits for it, and finds its row.
-- Rows are locked in the order of their keys. DAGs that begin to wait for the asset while this runs see its next event.
-- Index: shard_pkey, task_instance_pkey, asset_uri_key, asset_alias_pkey, asset_use_of_asset, asset_use_of_alias.
-- @param {Int[]} $1:shards of the flush
-- @param {BigInt[]} $2:epochs of theirs
-- @param $3-$13 events: run_id, ix, map_ix, attempt, dag_id, task_id, uri, group, aliases (each a text[] as text), extra,
-- partition_key
WITH said AS MATERIALIZED (
  SELECT v.run_id, v.map_ix, v.dag_id, v.task_id, v.uri, v.asset_group, v.aliases::text[] AS aliases, v.extra, v.partition_key, v.ord
  FROM unnest(
    $3::bigint[], $4::int[], $5::int[], $6::int[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::bytea[],
    $13::text[]
  ) WITH ORDINALITY AS v (run_id, ix, map_ix, attempt, dag_id, task_id, uri, asset_group, aliases, extra, partition_key, ord)
  JOIN task_instance AS t
    ON t.run_id = v.run_id AND t.ix = v.ix AND t.map_ix = v.map_ix AND t.attempt = v.attempt AND t.state = 6
  WHERE (
    SELECT count(*)
    FROM unnest($1::smallint[], $2::bigint[]) AS f (id, epoch)
    JOIN shard AS s ON s.id = f.id AND s.epoch = f.epoch
  ) = cardinality($1::smallint[])
),
missing AS (
  INSERT INTO asset AS a (uri, name, asset_group, extra, is_active)
  SELECT DISTINCT ON (said.uri) said.uri, said.uri, said.asset_group, '', true
  FROM said
  WHERE NOT EXISTS (SELECT 1 FROM asset WHERE asset.uri = said.uri)
  ORDER BY said.uri
  ON CONFLICT (uri) DO UPDATE SET is_active = true
  RETURNING a.id, a.uri
),
known AS MATERIALIZED (
  SELECT id, uri FROM missing
  UNION ALL
  SELECT asset.id, asset.uri FROM asset WHERE asset.uri IN (SELECT said.uri FROM said)
),
linked AS (
  INSERT INTO asset_alias (alias, asset_id)
  SELECT DISTINCT alias, known.id
  FROM said
  JOIN known ON known.uri = said.uri
  CROSS JOIN unnest(said.aliases) AS alias
  WHERE NOT EXISTS (SELECT 1 FROM asset_alias AS l WHERE l.alias = alias.alias AND l.asset_id = known.id)
  ORDER BY 1, 2
  ON CONFLICT DO NOTHING
),
used_again AS (
  UPDATE asset SET is_active = true
  WHERE id IN (SELECT known.id FROM said JOIN known ON known.uri = said.uri WHERE said.aliases <> '{}') AND NOT is_active
),
made AS (
  INSERT INTO asset_event (asset_id, at, extra, source, dag_id, run_id, task_id, map_ix, aliases, partition_key)
  SELECT known.id, clock_timestamp(), said.extra, 1, said.dag_id, said.run_id, said.task_id, said.map_ix, said.aliases,
    said.partition_key
  FROM said
  JOIN known ON known.uri = said.uri
  ORDER BY said.ord
  RETURNING id, asset_id, aliases, partition_key
),
pended AS (
  INSERT INTO asset_pending (dag_id, asset_id, event_id)
  SELECT consumer.dag_id, made.asset_id, made.id
  FROM made
  CROSS JOIN LATERAL (
    SELECT u.dag_id
    FROM asset_use AS u
    WHERE u.asset_id = made.asset_id AND u.kind = 3 AND u.asset_id > 0
      AND u.by_partition = (made.partition_key IS NOT NULL)
    UNION
    SELECT u.dag_id
    FROM (
      SELECT l.alias FROM asset_alias AS l WHERE l.asset_id = made.asset_id
      UNION
      SELECT unnest(made.aliases)
    ) AS l
    JOIN asset_use AS u ON u.alias = l.alias AND u.kind = 3 AND u.alias <> ''
      AND u.by_partition = (made.partition_key IS NOT NULL)
  ) AS consumer
  RETURNING dag_id
)
SELECT dag_id FROM pended
UNION
-- Their runs wait for instances, which are events with a partition key.
SELECT u.dag_id
FROM made
JOIN asset_use AS u ON u.asset_id = made.asset_id AND u.kind = 4 AND u.asset_id > 0
WHERE made.partition_key IS NOT NULL
