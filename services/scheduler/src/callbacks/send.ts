/** Sends deliveries to the sessions that they were given to, with what their rows say. */

import { readDeliveryFacts, type DeliveryFacts, type RunDeliveryKey } from "@millrace/db";
import { sessionAssignment } from "../dispatch/outbox.ts";
import type { Owner } from "../owner.ts";
import type { Versions } from "../shards/versions.ts";
import { callbackAssignment } from "./assignment.ts";
import type { DeliveryBook } from "./book.ts";
import { callbackIn, type Delivery } from "./delivery.ts";
import { pause } from "../clock.ts";

export type Sender = {
  /** Soon, with others. */
  send(delivery: Delivery): void;
};

type Sending = { readonly delivery: Delivery; readonly sessionKey: number };

export type SenderParts = {
  readonly owner: () => Owner;
  readonly versions: Versions;
  readonly book: DeliveryBook;
};

export function createSender(parts: SenderParts): Sender {
  const { versions, book } = parts;
  let gathered: Sending[] = [];

  function flush(): void {
    const { callbacksPerReadMax } = parts.owner().settings;
    const all = gathered;
    gathered = [];
    for (let at = 0; at < all.length; at += callbacksPerReadMax)
      void sendPart(all.slice(at, at + callbacksPerReadMax));
  }

  async function sendPart(part: readonly Sending[]): Promise<void> {
    const owner = parts.owner();
    let facts: Map<string, DeliveryFacts>;
    try {
      await versions.load(part.map(({ delivery }) => delivery.dagVersionId));
      const rows = await readDeliveryFacts(
        owner.db,
        part.map(({ delivery }) => delivery),
      );
      facts = new Map(rows.map((row) => [keyOf(row), row]));
    } catch (error) {
      owner.log.warn({ deliveries: part.length, err: error }, "callbacks.unreadable");
      await pause(owner.clock, owner.settings.reloadDelayMs.max);
      for (const sending of part) unsend(sending, book.place);
      return owner.pump();
    }
    for (const sending of part) sendOne(sending, facts.get(keyOf(sending.delivery)));
    owner.pump();
  }

  function sendOne(sending: Sending, facts: DeliveryFacts | undefined): void {
    const owner = parts.owner();
    const { delivery, sessionKey } = sending;
    const version = versions.get(delivery.dagVersionId);
    const found = version && callbackIn(version, delivery);
    const session = owner.slots.session(sessionKey);
    // Deleted with its run, or ended by what another owner wrote.
    if (facts === undefined) return unsend(sending, book.forget);
    if (!version || !found || session === undefined) return unsend(sending, book.place);
    if (!book.isSent(delivery, sessionKey)) return;
    const timeoutMs = owner.settings.callbackTimeoutMs;
    const assignment = callbackAssignment(delivery, { version, ...found, facts, timeoutMs });
    owner.outbox.assign(session.apiNodeId, sessionAssignment(sessionKey, assignment));
  }

  /** Its slot is free again. */
  function unsend({ delivery, sessionKey }: Sending, then: (delivery: Delivery) => void): void {
    parts.owner().slots.putBack(sessionKey);
    if (book.isSent(delivery, sessionKey)) then(delivery);
  }

  return {
    send(delivery) {
      gathered.push({ delivery, sessionKey: delivery.sessionKey });
      if (gathered.length === 1) setImmediate(flush);
    },
  };
}

function keyOf({ runId, ix, mapIx, attempt, event, ordinal }: RunDeliveryKey): string {
  return `${runId} ${ix} ${mapIx} ${attempt} ${event} ${ordinal}`;
}
