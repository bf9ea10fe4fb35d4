/** Keeps sessions alive: one statement for all sessions of this node that ask at about the same time. */

import { renewSessions, type Database } from "@millrace/db";
import { createBatcher, type Batcher } from "@millrace/service";
import { workerLimits } from "../limits.ts";

export type Renewals = Batcher<number, boolean>;

/** Takes session keys, answers whether the session is alive. */
export function createRenewals({ db, nodeId }: { db: Database; nodeId: string }): Renewals {
  return createBatcher<number, boolean>({
    batchMax: workerLimits.renewalsPerBatch,
    async run(keys) {
      const alive = await renewSessions(db, keys, { nodeId, ttlMs: workerLimits.sessionTtlMs });
      return keys.map((key) => alive.has(key));
    },
  });
}
