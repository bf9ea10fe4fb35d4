-- external_run_list: the runs that tasks of other DAGs wait for, those that exist.
-- Index: run_logical, run_pkey.
-- @param {Int[]} $1:ats Of those known by their date: the position in what was asked
-- @param {String[]} $2:dagIds
-- @param {DateTime[]} $3:logicalAts
-- @param {Int[]} $4:keyAts Of those known by their id
-- @param {BigInt[]} $5:runKeys
SELECT q.at, r.id, r.dag_id, r.dag_version_id, r.run_name, r.logical_at, r.state
FROM unnest($1::int[], $2::text[], $3::timestamptz[]) AS q (at, dag_id, logical_at)
JOIN run AS r ON r.dag_id = q.dag_id AND r.logical_at = q.logical_at
UNION ALL
SELECT q.at, r.id, r.dag_id, r.dag_version_id, r.run_name, r.logical_at, r.state
FROM unnest($4::int[], $5::bigint[]) AS q (at, id)
JOIN run AS r ON r.id = q.id
