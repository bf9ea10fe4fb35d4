-- asset_event_create: makes an event of an asset that no task makes, with a pending row for every DAG that is scheduled on
-- the asset, or on an alias that it was named for; of an event with a partition key, for those that wait by partition, else
-- for the others. Returns it, and those DAGs.
-- Index: asset_use_of_asset, asset_use_of_alias, asset_alias_of.
-- @param {Int} $1:assetId
-- @param {Bytes} $2:extra?
-- @param {Int} $3:source 2 a caller, 3 a watcher
-- @param {String} $4:createdBy
-- @param {String} $5:partitionKey?
WITH made AS (
  INSERT INTO asset_event (asset_id, extra, source, created_by, partition_key) VALUES ($1, $2, $3, $4, $5)
  RETURNING id, asset_id, at
),
pended AS (
  INSERT INTO asset_pending (dag_id, asset_id, event_id)
  SELECT consumer.dag_id, made.asset_id, made.id
  FROM made
  CROSS JOIN LATERAL (
    SELECT u.dag_id
    FROM asset_use AS u
    WHERE u.asset_id = made.asset_id AND u.kind = 3 AND u.asset_id > 0 AND u.by_partition = ($5::text IS NOT NULL)
    UNION
    SELECT u.dag_id
    FROM asset_alias AS l
    JOIN asset_use AS u ON u.alias = l.alias AND u.kind = 3 AND u.alias <> ''
    WHERE l.asset_id = made.asset_id AND u.by_partition = ($5::text IS NOT NULL)
  ) AS consumer
  RETURNING dag_id
)
SELECT made.id, made.at,
  ARRAY(
    SELECT pended.dag_id FROM pended
    UNION
    -- Their runs wait for instances, which are events with a partition key.
    SELECT u.dag_id
    FROM asset_use AS u
    WHERE u.asset_id = made.asset_id AND u.kind = 4 AND u.asset_id > 0 AND $5::text IS NOT NULL
  ) AS consumers
FROM made
