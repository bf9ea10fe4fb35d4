/**
 * Callbacks that have to run: they wait in lines as tasks do, take slots as tasks do, and are tried until they work, or
 * as often as they may be. Nothing about them changes their run.
 */

import type { PendingDelivery } from "@millrace/db";
import type { Verdict } from "@millrace/engine";
import type { AttemptRef } from "@millrace/wire";
import type { Result } from "@millrace/wire/worker";
import { holdsDag, loadedShard, type Owner } from "../owner.ts";
import type { LineKey } from "../dispatch/ready-queue.ts";
import type { Versions } from "../shards/versions.ts";
import { afterTry } from "./after-try.ts";
import { createDeliveryBook } from "./book.ts";
import { newDelivery, type Deliveries, type Delivery } from "./delivery.ts";
import { createSender } from "./send.ts";
import { createSettler } from "./settle.ts";
import { finished, ok, regranted } from "../results/verdicts.ts";

export function createDeliveries(parts: {
  readonly owner: () => Owner;
  readonly versions: Versions;
}): Deliveries {
  const book = createDeliveryBook(parts);
  const sender = createSender({ ...parts, book });
  const { settle, lose } = createSettler(parts.owner, book);

  function take(rows: readonly PendingDelivery[]): void {
    for (const row of rows) {
      const fresh = newDelivery(row);
      const old = book.get(fresh.id);
      if (old?.happenedAt === row.happenedAt) continue;
      // It has happened again: whoever has the old one reports on what nobody asks about any more.
      if (old !== undefined) book.forget(old);
      book.enter(fresh);
    }
  }

  /** Gives the first of a line to a session that has a slot. */
  function grantOne(key: LineKey): boolean {
    const owner = parts.owner();
    const line = book.line(key);
    if (line === undefined || !book.queue.hasWork(line)) return false;
    const session = owner.slots.take(line);
    if (session === null) return false;
    const next = book.queue.take(line);
    if (next === null) {
      owner.slots.putBack(session.sessionKey);
      return false;
    }
    book.bind(next.run, session.sessionKey);
    owner.demand.onGranted(line);
    sender.send(next.run);
    return true;
  }

  /** Null: nothing can be said just now. */
  async function judge(
    delivery: Delivery,
    sessionKey: number,
    { outcome }: Result,
  ): Promise<Verdict | null> {
    const { phase } = delivery;
    if (phase === "writing") return null;
    if (outcome.case !== "succeeded") {
      // Who did it has done it. But of a failure only who is to try it now may tell.
      if (phase === "sent" && delivery.sessionKey !== sessionKey) return regranted;
      if (phase === "pausing") return finished;
    }
    if (outcome.case === "returned") {
      book.place(delivery);
      return ok;
    }
    const { dbClock, settings } = parts.owner();
    return settle(delivery, afterTry(delivery, outcome, dbClock.now(), settings));
  }

  /** What is not here is over; null while not all that is pending has been read. */
  function unknown({ shard }: AttemptRef): Verdict | null {
    return parts.owner().shards.get(shard)?.hasCallbacks === true ? finished : null;
  }

  function forgetWhere(isGone: (delivery: Delivery) => boolean): void {
    for (const delivery of book.all()) if (isGone(delivery)) book.forget(delivery);
  }

  return {
    add(run, rows) {
      if (rows.length === 0 || !holdsDag(parts.owner(), run.dag)) return;
      const ofRun = { shard: run.shard, dagId: run.dagId, dagVersionId: run.version.id };
      take(rows.map((row) => ({ ...row, ...ofRun, tries: 0, nextTryAt: null })));
    },
    take,
    lines: () => [...book.queue.lines()].filter((line) => book.queue.hasWork(line)),
    count(key, max) {
      const line = book.line(key);
      return line === undefined ? 0 : book.queue.count(line, () => 1, max);
    },
    grantOne,
    onDue(delivery) {
      if (book.holds(delivery) && delivery.phase === "pausing") book.place(delivery);
    },
    isLive: (delivery) => book.holds(delivery) && delivery.phase === "pausing",
    async report(sessionKey, ref, result) {
      if (loadedShard(parts.owner(), ref.shard) === null) return null;
      const delivery = book.get(result.attemptId);
      return delivery === undefined ? unknown(ref) : judge(delivery, sessionKey, result);
    },
    verdictOn(sessionKey, ref, id) {
      const delivery = book.get(id);
      if (delivery === undefined) return unknown(ref);
      if (delivery.phase === "sent" && delivery.sessionKey !== sessionKey) return regranted;
      // The owner before gave it to this session.
      if (delivery.phase === "waiting") book.bind(delivery, sessionKey);
      return null;
    },
    loseMissing(sessionKey, named) {
      const { inventoryMissesMax } = parts.owner().settings;
      const ofSession = book.of(sessionKey);
      for (const each of ofSession) each.misses = named.has(each.id) ? 0 : each.misses + 1;
      const missing = ofSession.filter(({ misses }) => misses >= inventoryMissesMax);
      for (const delivery of missing) void lose(delivery);
      return missing.length;
    },
    endSession(sessionKey) {
      for (const delivery of book.of(sessionKey)) void lose(delivery);
    },
    sessionKeys: () => book.sessionKeys(),
    dropShards: (shards) => forgetWhere(({ shard }) => shards.has(shard)),
    dropDag: (dagId) => forgetWhere((delivery) => delivery.dagId === dagId),
  };
}
