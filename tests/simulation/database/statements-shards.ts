/** Statements about shards and worker sessions. */

import type { SessionRow } from "./rows.ts";
import { at, type Statements } from "./statement.ts";

export const shardStatements: Statements = {
  shard_renew({ tables, now }, [nodeId, ids, epochs, ttlMs]) {
    const renewed = new Set<number>();
    for (const [index, id] of (ids as number[]).entries()) {
      const shard = tables.shards[id]!;
      if (shard.owner !== nodeId || shard.epoch !== (epochs as number[])[index]) continue;
      tables.setShard(id, { expires_at: now + (ttlMs as number) });
      renewed.add(id);
    }
    return tables.shards.map(({ id, owner, expires_at: expiresAt }) => ({
      id,
      owner: expiresAt > now ? owner : null,
      is_renewed: renewed.has(id),
      expires_at: Number.isFinite(expiresAt) ? at(expiresAt) : expiresAt,
      now: at(now),
    }));
  },
  /** What they hold is in `needs.ts`. */
  shard_lock: () => [],
  flush_fence: (_, [, shards]) => [{ count: (shards as number[]).length }],
  shard_held({ tables }, [ids, epochs]) {
    return (ids as number[]).flatMap((id, index) =>
      tables.shards[id]?.epoch === (epochs as number[])[index] ? [{ id }] : [],
    );
  },
  shard_claim({ tables, now }, [nodeId, ids, ttlMs]) {
    return (ids as number[]).flatMap((id) => {
      const shard = tables.shards[id]!;
      if (shard.owner !== null && shard.expires_at > now) return [];
      const epoch = shard.epoch + 1;
      tables.setShard(id, {
        owner: nodeId as string,
        epoch,
        expires_at: now + (ttlMs as number),
      });
      return [{ id, epoch }];
    });
  },
  shard_release({ tables, now }, [nodeId, ids, epochs]) {
    for (const [index, id] of (ids as number[]).entries()) {
      const shard = tables.shards[id]!;
      if (shard.owner !== nodeId || shard.epoch !== (epochs as number[])[index]) continue;
      tables.setShard(id, { owner: null, expires_at: now });
    }
    return [];
  },
  shard_owners({ tables, now }) {
    return tables.shards
      .filter(({ owner, expires_at: expiresAt }) => owner !== null && expiresAt > now)
      .map(({ id, owner }) => ({ id, owner }));
  },
};

export const sessionStatements: Statements = {
  session_open({ tables, now }, values) {
    const [id, tokenHash, requestId, workerName, sdk, queues, handlers, bundles, slots, node, ttl] =
      values;
    const known = [...tables.sessions.values()].find((row) => row.request_id === requestId);
    if (known !== undefined) return [shown(known)];
    const row: SessionRow = {
      key: tables.nextSessionKey++,
      session_id: id as string,
      token_hash: Buffer.from(tokenHash as Uint8Array),
      request_id: requestId as string,
      worker_name: workerName as string,
      sdk: sdk as string,
      queues: queues as string[],
      handlers: handlers as string[],
      runs_bundles: bundles as boolean,
      slots: slots as number,
      node_id: node as string,
      started_at: now,
      renewed_at: now,
      expires_at: now + (ttl as number),
      ended_at: null,
    };
    tables.sessions.set(row.key, row);
    return [shown(row)];
  },
  session_get({ tables }, [sessionId]) {
    const row = [...tables.sessions.values()].find((each) => each.session_id === sessionId);
    return row === undefined ? [] : [shown(row)];
  },
  session_renew_batch({ tables, now }, [keys, nodeId, ttlMs]) {
    return (keys as number[]).flatMap((key) => {
      const row = tables.sessions.get(key);
      if (row === undefined || row.ended_at !== null) return [];
      if (row.expires_at <= now) tables.revived.set(key, now);
      tables.sessions.set(key, {
        ...row,
        renewed_at: now,
        expires_at: now + (ttlMs as number),
        node_id: nodeId as string,
      });
      return [{ key }];
    });
  },
  session_end({ tables, now }, [key]) {
    const row = tables.sessions.get(key as number);
    if (row === undefined || row.ended_at !== null) return [];
    tables.sessions.set(row.key, { ...row, ended_at: now });
    tables.undo?.push(() => void tables.sessions.set(row.key, row));
    return [{ key: row.key }];
  },
  session_find_dead({ tables, now }, [keys]) {
    return (keys as number[]).flatMap((key) => {
      const row = tables.sessions.get(key);
      const hasEnded = row === undefined || row.ended_at !== null;
      return hasEnded || row.expires_at <= now ? [{ key, has_ended: hasEnded }] : [];
    });
  },
  session_grant_amnesty({ tables, now }, [lastAliveAt, ttlMs]) {
    const since = Date.parse(lastAliveAt as string);
    const until = now + (ttlMs as number);
    for (const row of tables.sessions.values()) {
      if (row.ended_at !== null || row.expires_at < since || row.expires_at >= until) continue;
      tables.sessions.set(row.key, { ...row, expires_at: until });
    }
    return [];
  },
  session_names({ tables }, [keys]) {
    return (keys as number[]).flatMap((key) => {
      const row = tables.sessions.get(key);
      return row === undefined ? [] : [{ key, worker_name: row.worker_name }];
    });
  },
};

function shown(row: SessionRow): object {
  return { ...row, ended_at: row.ended_at === null ? null : at(row.ended_at) };
}
