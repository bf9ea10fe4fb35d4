/** Reads values from rows, for attempts that need what is not in memory. */

import { readMappedOutputs, readTaskOutputs, type InstanceRange, type TaskKey } from "@millrace/db";
import { instanceKey } from "../runs/instance-key.ts";
import type { Owner } from "../owner.ts";

/** Values of one run that were read for an assignment, by instance key; null where nothing was returned. */
export type ReadValues = Map<number, Uint8Array | null>;

/** Rows that hold what an assignment lacks. */
export type Lacking = {
  readonly keys: readonly TaskKey[];
  readonly ranges: readonly InstanceRange[];
};

/** Reads values of some runs; they are kept for others that need them. By run. */
export async function readKeys(
  owner: Owner,
  keys: readonly TaskKey[],
): Promise<Map<number, ReadValues>> {
  const read = new Map<number, ReadValues>();
  for (const { runId, ...ref } of keys) {
    const values = read.get(runId) ?? new Map<number, Uint8Array | null>();
    read.set(runId, values.set(instanceKey(ref), null));
  }
  for (const { runId, out, ...ref } of await readTaskOutputs(owner.db, keys))
    read.get(runId)?.set(instanceKey(ref), out);
  for (const { runId, ...ref } of keys)
    owner.outputs.put(runId, ref, read.get(runId)?.get(instanceKey(ref)) ?? null);
  return read;
}

/** Reads the values of instances of a mapped task into `into`; false when they are too many bytes for any assignment. */
export async function readRange(
  owner: Owner,
  range: InstanceRange,
  into: ReadValues,
): Promise<boolean> {
  const { runId, ix, from, to } = range;
  const found = await readMappedOutputs(owner.db, range, owner.settings.assignmentBytesMax);
  if (found === null) return false;
  for (let mapIx = from; mapIx < to; mapIx += 1) into.set(instanceKey({ ix, mapIx }), null);
  for (const { mapIx, out } of found) into.set(instanceKey({ ix, mapIx }), out);
  for (let mapIx = from; mapIx < to; mapIx += 1)
    owner.outputs.put(runId, { ix, mapIx }, into.get(instanceKey({ ix, mapIx })) ?? null);
  return true;
}
