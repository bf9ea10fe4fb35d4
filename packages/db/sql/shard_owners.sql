-- shard_owners: who owns each shard just now; shards without a live owner are left out.
SELECT id, owner FROM shard WHERE owner IS NOT NULL AND expires_at > clock_timestamp()
