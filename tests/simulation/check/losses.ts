/**
 * Nobody is taken for dead who lives: a lease is lost only with its session, or when its worker does not name it. A session that
 * comes back after its time may have been taken for dead meanwhile, by an owner whose flush comes later.
 */

import { attemptIdOf } from "@millrace/wire";
import type { Flushed } from "../database/flush.ts";
import type { Tables } from "../database/tables.ts";
import type { Ledger } from "./ledger.ts";
import { ensure } from "./violation.ts";

/** A body that runs in a live session keeps its lease. */
export function checkLosses(flushed: Flushed, tables: Tables, ledger: Ledger, now: number): void {
  for (const { before, after } of flushed.instances) {
    if (before === null || after.losses <= before.losses || before.session_key === null) continue;
    const shard = tables.runs.get(after.run_id)?.shard ?? 0;
    const { ix, map_ix: mapIx, attempt } = before;
    const attemptId = attemptIdOf({ shard, runKey: after.run_id, ix, mapIx, attempt });
    const session = tables.sessions.get(before.session_key);
    const hasLapsed =
      (tables.revived.get(before.session_key) ?? -Infinity) >= (before.started_at ?? 0);
    const isLive = session !== undefined && session.ended_at === null && session.expires_at > now;
    ensure(
      !isLive || hasLapsed || !ledger.isHeld(attemptId),
      "S10",
      () => `${attemptId} is said to be lost, and runs in session ${session?.key}, which lives`,
    );
  }
}
