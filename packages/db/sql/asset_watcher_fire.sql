-- asset_watcher_fire: moves a watcher on to its next cursor. No row when somebody else did before, or nobody asks for it any
-- more: then nothing that it told counts.
-- Index: asset_watcher_pkey, asset_watcher_use_of.
-- @param {Int} $1:id
-- @param {BigInt} $2:fires as they were when it was handed out
-- @param {Bytes} $3:cursor
-- @param {Boolean} $4:hasEvents
UPDATE asset_watcher
SET cursor = $3, fires = fires + 1, failure = NULL, failed_at = NULL,
  fired_at = CASE WHEN $4::boolean THEN clock_timestamp() ELSE fired_at END
WHERE id = $1 AND fires = $2 AND EXISTS (SELECT 1 FROM asset_watcher_use AS u WHERE u.watcher_id = id)
RETURNING asset_id
