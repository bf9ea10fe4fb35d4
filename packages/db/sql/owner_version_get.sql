-- owner_version_get: the specs of DAG versions.
-- Index: dag_version_pkey.
-- @param {Int[]} $1:ids
SELECT id, dag_id, version, spec, bundle_digest FROM dag_version WHERE id = ANY ($1::int[])
