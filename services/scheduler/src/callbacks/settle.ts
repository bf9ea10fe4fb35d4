/** What came of tries: written, and acted on. */

import type { DeliveryOutcome } from "@millrace/db";
import type { Verdict } from "@millrace/engine";
import type { Owner } from "../owner.ts";
import { lostTry, pending, type Tried } from "./after-try.ts";
import type { DeliveryBook } from "./book.ts";
import type { Delivery } from "./delivery.ts";
import { createOutcomeWriter, type OutcomeWriter } from "./outcomes.ts";
import { pause } from "../clock.ts";
import { finished, ok } from "../results/verdicts.ts";

export type Settler = {
  /** Writes what came of a try, and acts on it. Null when it could not be written: all is as before then. */
  settle(delivery: Delivery, tried: Tried): Promise<Verdict | null>;
  /** Its session ended, or does not know of it. */
  lose(delivery: Delivery): Promise<void>;
};

export function createSettler(self: () => Owner, book: DeliveryBook): Settler {
  let writer: OutcomeWriter | null = null;

  async function settle(delivery: Delivery, tried: Tried): Promise<Verdict | null> {
    const owner = self();
    const { phase, sessionKey } = delivery;
    const fence = owner.shards.get(delivery.shard);
    if (fence === undefined) return null;
    book.detach(delivery);
    delivery.phase = "writing";
    writer ??= createOutcomeWriter(owner);
    const isApplied = await writer.write(outcomeOf(delivery, tried, fence.epoch)).catch(() => null);
    if (!book.holds(delivery)) return finished;
    if (isApplied === null) {
      if (phase === "sent") book.bind(delivery, sessionKey);
      else book.place(delivery);
      return null;
    }
    if (!isApplied || tried.state !== pending) {
      book.forget(delivery);
      return isApplied ? ok : finished;
    }
    delivery.tries = tried.tries;
    delivery.nextTryAt = tried.nextTryAt;
    book.place(delivery);
    return ok;
  }

  async function lose(delivery: Delivery): Promise<void> {
    const owner = self();
    owner.log.info({ delivery: delivery.id, session: delivery.sessionKey }, "callback.lost");
    const tried = lostTry(delivery, owner.settings);
    const isLost = (): boolean => book.holds(delivery) && delivery.phase !== "writing";
    while (isLost() && (await settle(delivery, tried)) === null) {
      if (!owner.shards.has(delivery.shard)) return;
      await pause(owner.clock, owner.settings.reloadDelayMs.max);
    }
  }

  return { settle, lose };
}

function outcomeOf(
  { runId, ix, mapIx, attempt, event, ordinal, happenedAt, shard }: Delivery,
  tried: Tried,
  epoch: number,
): DeliveryOutcome {
  const key = { runId, ix, mapIx, attempt, event, ordinal };
  return { ...key, ...tried, happenedAt, shard, epoch };
}
