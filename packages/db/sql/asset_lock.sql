-- asset_lock: one registration at a time decides about names of assets and about circles, until its transaction ends.
SELECT pg_advisory_xact_lock(72708, 1)
