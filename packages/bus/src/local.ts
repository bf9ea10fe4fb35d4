/** A bus for a node that is alone: everything stays in the process. */

import { assertMessageFits, BusUnavailable, silentLog, type Bus, type BusLog } from "./bus.ts";
import { createExchange } from "./exchange.ts";
import { createOpenRequests, settleWith } from "./open-requests.ts";
import { assertSubject } from "./subject.ts";

export function createLocalBus(nodeId: string, options: { log?: BusLog } = {}): Bus {
  const exchange = createExchange(options.log ?? silentLog);
  const requests = createOpenRequests();
  let isClosed = false;

  return {
    nodeId,
    publish(subject, data) {
      assertSubject(subject);
      assertMessageFits(subject, data);
      exchange.deliver(subject, data);
    },
    subscribe(pattern, handler) {
      // A wrapper of its own, so that one function may be subscribed twice.
      const own: typeof handler = (data, subject) => handler(data, subject);
      exchange.subscribe(pattern, own);
      return { close: () => void exchange.unsubscribe(pattern, own) };
    },
    async request(subject, data, { timeoutMs }) {
      assertSubject(subject);
      assertMessageFits(subject, data);
      if (isClosed) throw new BusUnavailable(subject, "the bus is closed");
      return requests.open(subject, timeoutMs, (settle) =>
        settleWith(settle, subject, exchange.answer(subject, data)),
      );
    },
    respond(subject, handler) {
      exchange.respond(subject, handler);
      return closeOnce(() => exchange.unrespond(subject));
    },
    status: () => ({ kind: "local", connected: true }),
    close() {
      isClosed = true;
      exchange.clear();
      requests.rejectAll("the bus was closed");
      return Promise.resolve();
    },
  };
}

/** A second close must not end the responder that took the subject since. */
export function closeOnce(close: () => void): { close(): void } {
  let isOpen = true;
  return {
    close() {
      if (isOpen) close();
      isOpen = false;
    },
  };
}
