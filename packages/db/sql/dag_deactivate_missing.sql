-- dag_deactivate_missing: DAGs of a folder that are no longer in it become inactive; their history stays.
-- Not touched: DAGs whose file could not be compiled this time.
-- @param {String} $1:folder
-- @param {String[]} $2:keptDagIds
-- @param {String[]} $3:brokenFiles
UPDATE dag
SET is_active = false, next_run_at = NULL, changed_seq = nextval('dag_changed_seq')
WHERE folder = $1
  AND is_active
  AND dag_id <> ALL ($2::text[])
  AND file <> ALL ($3::text[])
RETURNING dag_id
