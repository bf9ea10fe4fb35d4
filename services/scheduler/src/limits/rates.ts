/** Starts under rate limits: taken from the database when something is about to start, and used at once or not at all. */

import { takeStarts, type Database } from "@millrace/db";
import type { EpochMs, RateLimit, RateWait } from "@millrace/engine";
import type { Clock, DbClock } from "../clock.ts";
import type { Gate } from "../dispatch/ready-queue.ts";
import type { Logger } from "@millrace/service";

export type RateGate = Gate & {
  readonly limit: RateLimit;
  /** Starts at hand, and until when they may be used. */
  starts: number;
  expiresAt: EpochMs;
  /** What was answered last. */
  started: number;
  /** Nothing is to be had before this. */
  until: EpochMs;
  isAsking: boolean;
};

export type Rates = {
  gate(limit: RateLimit): RateGate;
  /** Null when a start is at hand. */
  waitOf(limit: RateLimit): RateWait | null;
  /** Asks for starts, as something could begin with them. */
  ask(limit: RateLimit, wanted: number): void;
  /** One was used. */
  use(limit: RateLimit): void;
  stop(): void;
};

/** Starts are counted when they are taken, in parts of a sixteenth: used later than a part, they would count too early. */
const partsPer = 16;

export function createRates(parts: {
  readonly db: Database;
  readonly clock: Clock;
  readonly dbClock: DbClock;
  readonly log: Logger;
  pump(): void;
}): Rates {
  const { db, clock, dbClock, log } = parts;
  const gates = new Map<string, RateGate>();
  let isStopped = false;

  function atHand(gate: RateGate): number {
    return dbClock.now() < gate.expiresAt ? gate.starts : 0;
  }

  function gateOf(limit: RateLimit): RateGate {
    const name = `${limit.perMs} ${limit.limit} ${limit.key}`;
    let gate = gates.get(name);
    if (gate === undefined) {
      const made: RateGate = {
        ...{ limit, starts: 0, expiresAt: 0, started: 0, until: 0, isAsking: false },
        room() {
          const starts = atHand(made);
          if (starts > 0) return starts;
          // As many as there may be: whoever is about to start asks.
          return made.isAsking || dbClock.now() < made.until ? 0 : limit.limit;
        },
      };
      gate = made;
      gates.set(name, gate);
    }
    return gate;
  }

  async function take(gate: RateGate, wanted: number): Promise<void> {
    const askedAt = dbClock.now();
    try {
      const { taken, started, until } = await takeStarts(db, gate.limit, wanted);
      gate.starts = taken;
      gate.expiresAt = askedAt + Math.ceil(gate.limit.perMs / partsPer);
      gate.started = started;
      gate.until = taken > 0 || until === null ? 0 : until;
    } catch (error) {
      log.warn({ key: gate.limit.key, err: error }, "rate.unread");
      gate.until = dbClock.now() + retryMs;
    } finally {
      gate.isAsking = false;
    }
    pumpOnceOpen(gate);
  }

  /** The database's clock may have been set back a little since the timer was set: then it waits on. */
  function pumpOnceOpen(gate: RateGate): void {
    if (isStopped) return;
    const leftMs = gate.until - dbClock.now();
    if (leftMs > 0) clock.after(leftMs + 1, () => pumpOnceOpen(gate));
    else parts.pump();
  }

  return {
    gate: gateOf,
    waitOf(limit) {
      const gate = gateOf(limit);
      if (atHand(gate) > 0) return null;
      return { started: gate.started, until: gate.until > dbClock.now() ? gate.until : null };
    },
    ask(limit, wanted) {
      const gate = gateOf(limit);
      if (gate.isAsking || dbClock.now() < gate.until) return;
      gate.isAsking = true;
      void take(gate, Math.max(1, Math.min(wanted, limit.limit)));
    },
    use(limit) {
      gateOf(limit).starts -= 1;
    },
    stop: () => void (isStopped = true),
  };
}

/** After the database failed. */
const retryMs = 1_000;
