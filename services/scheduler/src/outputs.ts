/** What tasks returned, kept for the tasks that refer to it. A cache: what is missing is in the rows. */

import { readTaskOutputs, type Database, type TaskKey } from "@millrace/db";

export type Outputs = {
  /** Null: it returned nothing. */
  put(runId: number, ix: number, out: Uint8Array | null): void;
  /** Undefined: not here; look into the rows. */
  get(runId: number, ix: number): Uint8Array | null | undefined;
  /** Fetches what is missing from the rows. */
  load(db: Database, keys: readonly TaskKey[]): Promise<void>;
  forget(runId: number): void;
};

/** Above `bytesMax` the runs that came first lose theirs. */
export function createOutputs(bytesMax: number): Outputs {
  const runs = new Map<number, Map<number, Uint8Array | null>>();
  let bytes = 0;

  function forget(runId: number): void {
    for (const out of runs.get(runId)?.values() ?? []) bytes -= out?.byteLength ?? 0;
    runs.delete(runId);
  }

  function put(runId: number, ix: number, out: Uint8Array | null): void {
    const outs = runs.get(runId) ?? new Map<number, Uint8Array | null>();
    bytes += (out?.byteLength ?? 0) - (outs.get(ix)?.byteLength ?? 0);
    runs.set(runId, outs.set(ix, out));
    for (const oldest of runs.keys()) {
      if (bytes <= bytesMax || oldest === runId) break;
      forget(oldest);
    }
  }

  return {
    put,
    get: (runId, ix) => runs.get(runId)?.get(ix),
    async load(db, keys) {
      const found = await readTaskOutputs(db, keys);
      const outs = new Map(found.map((each) => [`${each.runId} ${each.ix}`, each.out]));
      for (const { runId, ix } of keys) put(runId, ix, outs.get(`${runId} ${ix}`) ?? null);
    },
    forget,
  };
}
