/** What task instances returned, kept for those that refer to it. A cache: what is missing is in the rows. */

import type { InstanceRef } from "@millrace/engine";
import { listAt, type JsonList } from "@millrace/wire";
import { instanceKey } from "../runs/instance-key.ts";

type Path = readonly (string | number)[];

export type Outputs = {
  /** Null: it returned nothing. */
  put(runId: number, ref: InstanceRef, out: Uint8Array | null): void;
  /** Undefined: not here; look into the rows. */
  get(runId: number, ref: InstanceRef): Uint8Array | null | undefined;
  /** The list at a path of a value that is here, cut once; null when there is none, undefined when the value is not here. */
  list(runId: number, ref: InstanceRef, path: Path): JsonList | null | undefined;
  /** All values of a mapped task as one list; undefined when it has not been put together, or is not true any more. */
  all(runId: number, ix: number): Uint8Array | undefined;
  putAll(runId: number, ix: number, joined: Uint8Array): void;
  forget(runId: number): void;
};

type Kept = {
  readonly out: Uint8Array | null;
  bytes: number;
  lists: Map<string, JsonList | null> | null;
};

/** What an entry costs beside its bytes, about. */
const entryBytes = 100;

/** Above `bytesMax` the runs that came first lose theirs; a run that is alone, the values that came first. */
export function createOutputs(bytesMax: number): Outputs {
  const runs = new Map<number, Map<number, Kept>>();
  let bytes = 0;

  function drop(outs: Map<number, Kept>, key: number): void {
    bytes -= outs.get(key)?.bytes ?? 0;
    outs.delete(key);
  }

  function forget(runId: number): void {
    for (const kept of runs.get(runId)?.values() ?? []) bytes -= kept.bytes;
    runs.delete(runId);
  }

  function keep(runId: number, key: number, out: Uint8Array | null): void {
    let outs = runs.get(runId);
    if (outs === undefined) {
      outs = new Map();
      runs.set(runId, outs);
    }
    drop(outs, key);
    const kept: Kept = { out, bytes: entryBytes + (out?.byteLength ?? 0), lists: null };
    outs.set(key, kept);
    bytes += kept.bytes;
    if (bytes > bytesMax) shrink(runId, key);
  }

  /** What is being looked at stays. */
  function shrink(runId: number, key: number): void {
    for (const oldest of runs.keys()) {
      if (bytes <= bytesMax) return;
      if (oldest !== runId) forget(oldest);
    }
    const own = runs.get(runId);
    for (const oldest of own?.keys() ?? []) {
      if (bytes <= bytesMax) return;
      if (own !== undefined && oldest !== key) drop(own, oldest);
    }
  }

  return {
    put(runId, ref, out) {
      // The task's values together are not what they were.
      const outs = runs.get(runId);
      if (ref.mapIx >= 0 && outs !== undefined) drop(outs, joinedKey(ref.ix));
      keep(runId, instanceKey(ref), out);
    },
    get: (runId, ref) => runs.get(runId)?.get(instanceKey(ref))?.out,
    list(runId, ref, path) {
      const key = instanceKey(ref);
      const kept = runs.get(runId)?.get(key);
      if (kept === undefined) return undefined;
      kept.lists ??= new Map();
      const name = JSON.stringify(path);
      let list = kept.lists.get(name);
      if (list === undefined) {
        list = kept.out === null ? null : listAt(kept.out, path);
        kept.lists.set(name, list);
        kept.bytes += entryBytes + (list?.byteLength ?? 0);
        bytes += entryBytes + (list?.byteLength ?? 0);
        if (bytes > bytesMax) shrink(runId, key);
      }
      return list;
    },
    all: (runId, ix) => runs.get(runId)?.get(joinedKey(ix))?.out ?? undefined,
    putAll: (runId, ix, joined) => keep(runId, joinedKey(ix), joined),
    forget,
  };
}

/** The place of a mapped task itself, which has no value of its own. */
function joinedKey(ix: number): number {
  return -1 - ix;
}
