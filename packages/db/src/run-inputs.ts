/** Instances of assets that runs wait for, and what runs were given. */

import type { DatedInstance, EpochMs } from "@millrace/engine";
import { byteaArray, int8Array } from "./binary-array.ts";
import type { Database } from "./database.ts";
import type { ShardFence } from "./flush-batch.ts";
import { assertHeld } from "./runs-write.ts";
import { rowsOf } from "./statement.ts";
import { inTransaction } from "./transaction.ts";

/** Instances that one statement asks about. */
const askedMax = 10_000;

export type InstanceFound = Pick<DatedInstance, "uri" | "partitionKey"> & { readonly at: EpochMs };

/** Those of these instances that are there, and since when. */
export async function findInstances(
  db: Database,
  instances: readonly Pick<DatedInstance, "uri" | "partitionKey">[],
): Promise<InstanceFound[]> {
  type Row = { uri: string; partition_key: string; at: Date };
  const found: InstanceFound[] = [];
  for (let from = 0; from < instances.length; from += askedMax) {
    const part = instances.slice(from, from + askedMax);
    const rows = await rowsOf<Row>(db.pool, "asset_instance_list", [
      part.map(({ uri }) => uri),
      part.map(({ partitionKey }) => partitionKey),
    ]);
    for (const { uri, partition_key, at } of rows)
      found.push({ uri, partitionKey: partition_key, at: at.getTime() });
  }
  return found;
}

/** millrace.v1.RunInstances. */
export type RunInputsDecision = { readonly runKey: number; readonly inputs: Uint8Array };

/**
 * Fixes what queued runs are given. What was decided before stays: what is answered counts. Runs that are queued no more are left
 * out.
 *
 * @throws MillraceError NOT_OWNER when a shard is somebody else's now.
 */
export async function decideInputs(
  db: Database,
  fences: readonly ShardFence[],
  decisions: readonly RunInputsDecision[],
): Promise<RunInputsDecision[]> {
  return inTransaction(db, async (run) => {
    await assertHeld(run, fences);
    const rows = await run("run_inputs_decide", [
      int8Array(decisions.map(({ runKey }) => runKey)),
      byteaArray(decisions.map(({ inputs }) => inputs)),
    ]);
    return (rows as { id: number; inputs: Buffer }[]).map(({ id, inputs }) => ({
      runKey: id,
      inputs,
    }));
  });
}

/** What a run was given: millrace.v1.RunInstances; null while it is not decided. */
export async function readRunInputs(db: Database, runKey: number): Promise<Uint8Array | null> {
  const [row] = await rowsOf<{ inputs: Buffer | null }>(db.pool, "run_inputs_get", [runKey]);
  return row?.inputs ?? null;
}

/** The latest logical date of a DAG of which a scheduled run was given its inputs. */
export async function newestWithInputs(db: Database, dagId: string): Promise<EpochMs | null> {
  const [row] = await rowsOf<{ logical_at: Date | null }>(db.pool, "run_inputs_newest", [dagId]);
  return row?.logical_at?.getTime() ?? null;
}
