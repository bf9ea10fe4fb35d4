/** Brings pending deliveries into memory from their rows: after a take-over, and after a flush whose end is not known. */

import { listPendingDeliveries, type RunDeliveryKey } from "@millrace/db";
import type { Owner, OwnedShard } from "../owner.ts";
import type { Versions } from "../shards/versions.ts";
import { pause } from "../clock.ts";

type Parts = { readonly owner: Owner; readonly versions: Versions };

/** Of shards that were taken over: until they are all there, or nobody here owns the shards. Runs do not wait for it. */
export async function loadAllDeliveries(
  parts: Parts,
  shards: readonly OwnedShard[],
): Promise<void> {
  const { owner } = parts;
  for (;;) {
    const held = shards.filter((shard) => owner.shards.get(shard.shard) === shard);
    if (held.length === 0) return;
    try {
      await loadDeliveries(
        parts,
        held.map(({ shard }) => shard),
      );
      for (const shard of held) shard.hasCallbacks = true;
      return;
    } catch (error) {
      owner.log.warn({ shards: held.length, err: error }, "callbacks.load_failed");
    }
    const { max } = owner.settings.reloadDelayMs;
    await pause(owner.clock, max);
  }
}

/** `runIds`: only of these runs. */
export async function loadDeliveries(
  { owner, versions }: Parts,
  shards: readonly number[],
  runIds?: readonly number[],
): Promise<void> {
  if (shards.length === 0) return;
  const limit = owner.settings.loadCallbacksMax;
  let after: RunDeliveryKey | undefined;
  let count = 0;
  for (;;) {
    const rows = await listPendingDeliveries(owner.db, {
      ...{ shards, limit },
      ...(runIds !== undefined && { runIds }),
      ...(after !== undefined && { after }),
    });
    await versions.load(rows.map((row) => row.dagVersionId));
    // What was lost meanwhile is another's.
    owner.deliveries.take(rows.filter((row) => owner.shards.has(row.shard)));
    count += rows.length;
    after = rows.at(-1);
    if (rows.length < limit) break;
  }
  if (count > 0) owner.log.info({ shards: shards.length, callbacks: count }, "callbacks.loaded");
}
