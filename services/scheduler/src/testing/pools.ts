/** Pools in tests: made as the front door makes them, and DAGs by who owns them. */

import type { Bus } from "@millrace/bus";
import type { Database } from "@millrace/db";
import { shardOf, type TaskSpec } from "@millrace/engine";
import { aTask } from "./dags.ts";

export async function makePool(
  { db, bus }: { readonly db: Database; readonly bus: Pick<Bus, "publish"> },
  name: string,
  slots: number | null,
  includeDeferred = false,
): Promise<void> {
  await db.pool.query(
    `INSERT INTO pool (name, slots, include_deferred, changed_seq)
     VALUES ($1, $2, $3, nextval('pool_changed_seq'))
     ON CONFLICT (name) DO UPDATE SET slots = $2, changed_seq = nextval('pool_changed_seq')`,
    [name, slots, includeDeferred],
  );
  bus.publish("pools", new Uint8Array());
}

/** Tasks `t0`, `t1` … that are all alike. */
export function alike(count: number, changes: Partial<TaskSpec>): TaskSpec[] {
  return Array.from({ length: count }, (_, at) => aTask(`t${at}`, changes));
}

/** So many ids of DAGs for each of some owners. */
export function dagIdsOf(
  owners: readonly { shards(): number[] }[],
  count: number,
  prefix: string,
): string[] {
  return owners.flatMap((owner) => {
    const held = new Set(owner.shards());
    const ids: string[] = [];
    for (let n = 0; ids.length < count; n += 1)
      if (held.has(shardOf(`${prefix}${n}`))) ids.push(`${prefix}${n}`);
    return ids;
  });
}
