/** A bus over core NATS. Handlers of this node are served in process; NATS carries what is for others. */

import { randomUUID } from "node:crypto";
import {
  createInbox,
  headers,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  type Subscription as NatsSubscription,
} from "@nats-io/transport-node";
import { assertMessageFits, BusUnavailable, silentLog, type Bus, type BusLog } from "./bus.ts";
import { createExchange } from "./exchange.ts";
import { closeOnce } from "./local.ts";
import { linkDefaults, natsOptions, startNatsLink } from "./nats-link.ts";
import { createOpenRequests, settleWith, type Settle } from "./open-requests.ts";
import { createGatherer, cut } from "./parts.ts";
import { assertSubject } from "./subject.ts";

export type NatsBusOptions = {
  /** Such as `nats://127.0.0.1:4222`; several addresses are joined by commas. */
  readonly url: string;
  readonly nodeId: string;
  readonly log?: BusLog;
};

/** Set on an answer when the responder failed. */
const failedHeader = "Millrace-Failed";
/** Room for subject, reply subject and headers in what a server takes at once. */
const envelopeBytes = 4_096;

/**
 * Opens a bus over NATS. Returns at once, also while NATS is down: the link is made in the background and made again
 * whenever it breaks. Until then messages reach this node's own handlers only.
 */
export function connectNatsBus(options: NatsBusOptions): Promise<Bus> {
  const log = options.log ?? silentLog;
  const exchange = createExchange(log);
  const requests = createOpenRequests();
  const gatherer = createGatherer();
  const inbox = createInbox();
  const awaited = new Map<string, Settle>();
  const subscribed = new Map<string, NatsSubscription>();
  let requestCount = 0;
  let isClosed = false;

  const link = startNatsLink(
    { ...linkDefaults, ...natsOptions(options.url), name: options.nodeId },
    {
      onConnection(connection) {
        subscribed.clear();
        for (const pattern of exchange.patterns()) subscribeAt(connection, pattern);
        for (const subject of exchange.responderSubjects()) respondAt(connection, subject);
        connection.subscribe(`${inbox}.*`, { callback: (_error, msg) => onAnswer(msg) });
      },
      onDown: () => requests.rejectAll("the link to NATS broke"),
    },
    log,
  );

  function send(
    connection: NatsConnection,
    subject: string,
    data: Uint8Array,
    about: { reply?: string; failed?: boolean } = {},
  ): boolean {
    const partBytesMax = (connection.info?.max_payload ?? 1_048_576) - envelopeBytes;
    try {
      for (const part of cut(data, partBytesMax, randomUUID())) {
        const head = about.failed === true ? withFailed(part.headers) : part.headers;
        connection.publish(subject, part.data, {
          ...(about.reply === undefined ? {} : { reply: about.reply }),
          ...(head === null ? {} : { headers: head }),
        });
      }
      return true;
    } catch (error) {
      // The connection ended between two looks at it; what is not carried is lost, as any message may be.
      log.warn({ subject, err: error }, "bus.send_failed");
      return false;
    }
  }

  function subscribeAt(connection: NatsConnection, pattern: string): void {
    const callback = (_error: Error | null, msg: Msg): void => {
      const whole = gatherer.add(msg.data, msg.headers);
      if (whole !== null) exchange.deliverTo(pattern, msg.subject, whole);
    };
    subscribed.set(pattern, connection.subscribe(pattern, { callback }));
  }

  function respondAt(connection: NatsConnection, subject: string): void {
    const callback = (_error: Error | null, msg: Msg): void => {
      const reply = msg.reply;
      const whole = gatherer.add(msg.data, msg.headers);
      if (whole === null || reply === undefined) return;
      exchange.answer(subject, whole).then(
        (answer) => send(connection, reply, answer),
        () => send(connection, reply, new Uint8Array(), { failed: true }),
      );
    };
    subscribed.set(responderKey(subject), connection.subscribe(subject, { callback }));
  }

  function onAnswer(msg: Msg): void {
    const settle = awaited.get(msg.subject);
    if (settle === undefined) return;
    const subject = msg.subject;
    if (msg.headers?.code === 503) {
      settle(new BusUnavailable(subject, "no node responds to it"));
    } else if (msg.headers?.has(failedHeader) === true) {
      settle(new BusUnavailable(subject, "its responder failed"));
    } else {
      const whole = gatherer.add(msg.data, msg.headers);
      if (whole !== null) settle(whole);
    }
  }

  function askOthers(subject: string, data: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const reply = `${inbox}.${requestCount++}`;
    return requests
      .open(subject, timeoutMs, (settle) => {
        awaited.set(reply, settle);
        const connection = link.current();
        if (connection === null || !send(connection, subject, data, { reply })) {
          settle(new BusUnavailable(subject, "this node does not respond and NATS is not reached"));
        }
      })
      .finally(() => awaited.delete(reply));
  }

  function drop(key: string): void {
    subscribed.get(key)?.unsubscribe();
    subscribed.delete(key);
  }

  return Promise.resolve({
    nodeId: options.nodeId,
    publish(subject, data) {
      assertSubject(subject);
      assertMessageFits(subject, data);
      exchange.deliver(subject, data);
      const connection = link.current();
      if (connection !== null) send(connection, subject, data);
    },
    subscribe(pattern, handler) {
      const own: typeof handler = (data, subject) => handler(data, subject);
      const isFirst = exchange.subscribe(pattern, own);
      const connection = link.connection();
      if (isFirst && connection !== null) subscribeAt(connection, pattern);
      return { close: () => void (exchange.unsubscribe(pattern, own) && drop(pattern)) };
    },
    async request(subject, data, { timeoutMs }) {
      assertSubject(subject);
      assertMessageFits(subject, data);
      if (isClosed) throw new BusUnavailable(subject, "the bus is closed");
      if (!exchange.hasResponder(subject)) return askOthers(subject, data, timeoutMs);
      return requests.open(subject, timeoutMs, (settle) =>
        settleWith(settle, subject, exchange.answer(subject, data)),
      );
    },
    respond(subject, handler) {
      exchange.respond(subject, handler);
      const connection = link.connection();
      if (connection !== null) respondAt(connection, subject);
      return closeOnce(() => {
        exchange.unrespond(subject);
        drop(responderKey(subject));
      });
    },
    status: () => ({ kind: "nats", connected: link.current() !== null }),
    async close() {
      if (isClosed) return;
      isClosed = true;
      requests.rejectAll("the bus was closed");
      await link.stop();
      exchange.clear();
    },
  });
}

/** A subject may have subscribers and a responder; a space cannot be in a pattern. */
function responderKey(subject: string): string {
  return `respond ${subject}`;
}

function withFailed(head: MsgHdrs | null): MsgHdrs {
  const result = head ?? headers();
  result.set(failedHeader, "1");
  return result;
}
