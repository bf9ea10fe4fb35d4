/** Finds sessions that died without a word, by the database's clock, and gives their attempts back. */

import { findDeadSessions } from "@millrace/db";
import { createLoop, type Loop } from "@millrace/service";
import { endSession } from "./inventory.ts";
import type { Owner } from "../owner.ts";

export type Sweep = Loop & {
  /** One look. */
  runOnce(): Promise<void>;
};

/**
 * For the first TTL after the start only sessions that have ended for certain count as dead: others may have been unable
 * to renew while no server was there.
 */
export function createSweep(owner: Owner): Sweep {
  const startedAtMs = owner.clock.monotonicMs();
  let after = 0;

  /** The sessions to look at now: a part of them when there are many, the next part the next time. */
  function nextPart(): number[] {
    const all = new Set([
      ...owner.bindings.sessionKeys(),
      ...owner.sideWork.flatMap((work) => [...work.sessionKeys()]),
    ]);
    const keys = [...all].toSorted((a, b) => a - b);
    const part = keys.filter((key) => key > after).slice(0, owner.settings.sweepRowsMax);
    after = part.length < owner.settings.sweepRowsMax ? 0 : (part.at(-1) ?? 0);
    return part;
  }

  async function runOnce(): Promise<void> {
    if (owner.shards.size === 0) return;
    const isGrace = owner.clock.monotonicMs() - startedAtMs < owner.settings.sessionTtlMs;
    const dead = await findDeadSessions(owner.db, nextPart());
    for (const { key, has_ended } of dead) {
      if (!has_ended && isGrace) continue;
      owner.log.info({ session: key, has_ended }, "session.dead");
      await endSession(owner, key);
    }
  }

  const loop = createLoop({
    name: "sweep",
    intervalMs: owner.settings.sweepMs,
    log: owner.log,
    runOnce,
  });
  return { ...loop, runOnce };
}
