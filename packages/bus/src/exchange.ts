/** The subscribers and responders of one node: what a local bus is, and the near half of a NATS one. */

import { BusUnavailable, type BusLog, type MessageHandler, type RequestHandler } from "./bus.ts";
import { assertPattern, assertSubject, isPlain, matches } from "./subject.ts";

export type Exchange = {
  /** Answers whether this is the pattern's first handler. */
  subscribe(pattern: string, handler: MessageHandler): boolean;
  /** Answers whether it was the pattern's last handler. */
  unsubscribe(pattern: string, handler: MessageHandler): boolean;
  /** Throws when the subject has a responder already. */
  respond(subject: string, handler: RequestHandler): void;
  unrespond(subject: string): void;
  patterns(): Iterable<string>;
  responderSubjects(): Iterable<string>;
  /** To all whose pattern matches. */
  deliver(subject: string, data: Uint8Array): void;
  /** To those of one pattern: NATS has matched it already, and delivers once for each pattern. */
  deliverTo(pattern: string, subject: string, data: Uint8Array): void;
  hasResponder(subject: string): boolean;
  /** Rejects with `BusUnavailable` when there is no responder or it fails. */
  answer(subject: string, data: Uint8Array): Promise<Uint8Array>;
  clear(): void;
};

export function createExchange(log: BusLog): Exchange {
  const plain = new Map<string, Set<MessageHandler>>();
  const wild = new Map<string, Set<MessageHandler>>();
  const responders = new Map<string, RequestHandler>();

  const mapOf = (pattern: string) => (isPlain(pattern) ? plain : wild);

  function deliverTo(pattern: string, subject: string, data: Uint8Array): void {
    const handlers = mapOf(pattern).get(pattern);
    if (handlers === undefined) return;
    for (const handler of handlers) {
      queueMicrotask(() => {
        if (!handlers.has(handler)) return;
        try {
          handler(data, subject);
        } catch (error) {
          log.warn({ subject, err: error }, "bus.handler_failed");
        }
      });
    }
  }

  return {
    subscribe(pattern, handler) {
      assertPattern(pattern);
      const map = mapOf(pattern);
      const handlers = map.get(pattern) ?? new Set();
      const isFirst = handlers.size === 0;
      map.set(pattern, handlers.add(handler));
      return isFirst;
    },
    unsubscribe(pattern, handler) {
      const map = mapOf(pattern);
      const handlers = map.get(pattern);
      if (handlers === undefined || !handlers.delete(handler) || handlers.size > 0) return false;
      map.delete(pattern);
      return true;
    },
    respond(subject, handler) {
      assertSubject(subject);
      if (responders.has(subject)) throw new TypeError(`${subject} has a responder already.`);
      responders.set(subject, handler);
    },
    unrespond: (subject) => void responders.delete(subject),
    patterns: () => [...plain.keys(), ...wild.keys()],
    responderSubjects: () => responders.keys(),
    deliver(subject, data) {
      if (plain.has(subject)) deliverTo(subject, subject, data);
      for (const pattern of wild.keys()) {
        if (matches(pattern, subject)) deliverTo(pattern, subject, data);
      }
    },
    deliverTo,
    hasResponder: (subject) => responders.has(subject),
    async answer(subject, data) {
      await Promise.resolve();
      const handler = responders.get(subject);
      if (handler === undefined) throw new BusUnavailable(subject, "nobody responds to it");
      try {
        return await handler(data);
      } catch (error) {
        log.warn({ subject, err: error }, "bus.responder_failed");
        throw new BusUnavailable(subject, "its responder failed", { cause: error });
      }
    },
    clear() {
      for (const handlers of [...plain.values(), ...wild.values()]) handlers.clear();
      plain.clear();
      wild.clear();
      responders.clear();
    },
  };
}
