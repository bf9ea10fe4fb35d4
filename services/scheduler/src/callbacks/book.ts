/** Where each delivery is: in its line, with a session, or waiting for its time. */

import type { Owner } from "../owner.ts";
import {
  createReadyQueue,
  type Line,
  type LineKey,
  type ReadyQueue,
} from "../dispatch/ready-queue.ts";
import type { Versions } from "../shards/versions.ts";
import { callbackIn, lineOf, type Delivery } from "./delivery.ts";
import { pause } from "../clock.ts";
import { cutFrom, putIn } from "../map-of-sets.ts";

export type DeliveryBook = {
  readonly queue: ReadyQueue<Delivery>;
  line(key: LineKey): Line<Delivery> | undefined;
  get(id: string): Delivery | undefined;
  all(): Iterable<Delivery>;
  /** Whether it is still this one that its id names. */
  holds(delivery: Delivery): boolean;
  isSent(delivery: Delivery, sessionKey: number): boolean;
  /** Takes a new one. */
  enter(delivery: Delivery): void;
  /** Puts it where it waits for a worker, or for its time. */
  place(delivery: Delivery): void;
  /** Takes it from wherever it is. */
  detach(delivery: Delivery): void;
  /** Gives it to a session. */
  bind(delivery: Delivery, sessionKey: number): void;
  forget(delivery: Delivery): void;
  of(sessionKey: number): Delivery[];
  sessionKeys(): Iterable<number>;
};

export function createDeliveryBook(parts: {
  readonly owner: () => Owner;
  readonly versions: Versions;
}): DeliveryBook {
  const { versions } = parts;
  // A DAG that has very many does not hold up those of others.
  const queue = createReadyQueue<Delivery>();
  const known = new Map<string, Delivery>();
  const sessions = new Map<number, Set<Delivery>>();

  function holds(delivery: Delivery): boolean {
    return known.get(delivery.id) === delivery;
  }

  function detach(delivery: Delivery): void {
    queue.remove(delivery);
    cutFrom(sessions, delivery.sessionKey, delivery);
  }

  function place(delivery: Delivery): void {
    const owner = parts.owner();
    detach(delivery);
    const { nextTryAt } = delivery;
    if (nextTryAt !== null && nextTryAt > owner.dbClock.now()) {
      delivery.phase = "pausing";
      owner.timers.add(nextTryAt, { kind: "delivery", delivery });
      return;
    }
    const version = versions.get(delivery.dagVersionId);
    if (version === undefined) return void placeLater(delivery);
    const found = callbackIn(version, delivery);
    if (found === null) return setAside(delivery);
    delivery.line = lineOf(version, found.task, found.callback);
    delivery.phase = "waiting";
    const readyAt = delivery.happenedAt;
    queue.add(delivery, delivery.line, { ix: 0, from: -1, to: 0, priority: 0, readyAt });
    owner.pump();
  }

  async function placeLater(delivery: Delivery): Promise<void> {
    const owner = parts.owner();
    delivery.phase = "unplaced";
    const isWaiting = (): boolean => holds(delivery) && delivery.phase === "unplaced";
    while (isWaiting()) {
      try {
        await versions.load([delivery.dagVersionId]);
        break;
      } catch (error) {
        owner.log.warn({ delivery: delivery.id, err: error }, "callback.version_unread");
      }
      await pause(owner.clock, owner.settings.reloadDelayMs.max);
    }
    if (!isWaiting()) return;
    if (versions.get(delivery.dagVersionId) === undefined) setAside(delivery);
    else place(delivery);
  }

  /** Nobody here understands it: it stays pending, for whoever takes the shard over. */
  function setAside(delivery: Delivery): void {
    delivery.phase = "unplaced";
    const { id, dagId } = delivery;
    parts.owner().log.error({ delivery: id, dag_id: dagId }, "callback.set_aside");
  }

  return {
    queue,
    line: ({ queue: name, handler }) =>
      [...queue.lines()].find((line) => line.queue === name && line.handler === handler),
    get: (id) => known.get(id),
    all: () => known.values(),
    holds,
    isSent: (delivery, sessionKey) =>
      holds(delivery) && delivery.phase === "sent" && delivery.sessionKey === sessionKey,
    enter(delivery) {
      known.set(delivery.id, delivery);
      place(delivery);
    },
    place,
    detach,
    bind(delivery, sessionKey) {
      detach(delivery);
      Object.assign(delivery, { phase: "sent", sessionKey, misses: 0 });
      putIn(sessions, sessionKey, delivery);
    },
    forget(delivery) {
      detach(delivery);
      known.delete(delivery.id);
    },
    of: (sessionKey) => [...(sessions.get(sessionKey) ?? [])],
    sessionKeys: () => sessions.keys(),
  };
}
