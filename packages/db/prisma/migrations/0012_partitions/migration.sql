-- Partitions: the part of the data that a run is about, that an event is about, and that a DAG waits for.

ALTER TABLE run
  ADD COLUMN partition_key text,
  ADD CONSTRAINT run_partition_key CHECK (length(partition_key) BETWEEN 1 AND 250) NOT VALID;

ALTER TABLE asset_event
  ADD COLUMN partition_key text,
  ADD CONSTRAINT asset_event_partition_key CHECK (length(partition_key) BETWEEN 1 AND 250) NOT VALID;

-- Of a schedule: whether it waits by partition. Such a DAG gets events with a partition key, others get those without.
ALTER TABLE asset_use ADD COLUMN by_partition boolean NOT NULL DEFAULT false;

-- Events that a DAG which waits by partition has not used, sorted by what its runs would be about. Its owner makes the rows of
-- pending ones, and deletes them with the birth of the run. An event may be about several keys, for each of which it is used
-- by one run.
CREATE TABLE asset_partition (
  dag_id text NOT NULL,
  -- Empty when the event's key is mapped to none.
  target_key text NOT NULL CHECK (length(target_key) <= 250),
  asset_id int NOT NULL,
  event_id bigint NOT NULL,
  -- Which part of the key it is, where several are waited for.
  part text NOT NULL,
  -- Why its key is mapped to none; empty when it is mapped.
  problem text NOT NULL,
  -- The version whose mappers sorted it; under another version it is sorted anew.
  dag_version_id int NOT NULL,
  PRIMARY KEY (dag_id, target_key, asset_id, event_id),
  CONSTRAINT asset_partition_mapped CHECK ((target_key = '') = (problem <> ''))
);
CREATE INDEX asset_partition_of_asset ON asset_partition (dag_id, asset_id, event_id);
