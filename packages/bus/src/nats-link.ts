/** One connection to NATS after another, for ever, until it is stopped. */

import { setTimeout as sleep } from "node:timers/promises";
import { connect, type NatsConnection, type NodeConnectionOptions } from "@nats-io/transport-node";
import type { BusLog } from "./bus.ts";

export type NatsLink = {
  /** The connection while messages can be sent, else null. */
  current(): NatsConnection | null;
  /** The connection, also while it is being made again: it keeps what is subscribed then. Null before the first. */
  connection(): NatsConnection | null;
  stop(): Promise<void>;
};

export type NatsLinkEvents = {
  /** A new connection: subscribe everything. Reconnects of the same connection keep its subscriptions. */
  onConnection(connection: NatsConnection): void;
  /** What was asked and not answered will not be. */
  onDown(): void;
};

const connectTimeoutMs = 5_000;
const retryDelayMs = { first: 50, max: 2_000 };
const pingIntervalMs = 5_000;

/** Server addresses and credentials of a URL such as `nats://user:secret@host:4222`; several are joined by commas. */
export function natsOptions(url: string): NodeConnectionOptions {
  const urls = url.split(",").map((each) => {
    const text = each.trim();
    if (!URL.canParse(text)) {
      throw new TypeError(`"${text}" is not a NATS URL; write it like nats://127.0.0.1:4222.`);
    }
    return new URL(text);
  });
  const first = urls[0];
  const user = decodeURIComponent(first?.username ?? "");
  const pass = decodeURIComponent(first?.password ?? "");
  return {
    servers: urls.map((each) => each.host),
    ...(pass !== "" ? { user, pass } : user !== "" ? { token: user } : {}),
    ...(urls.some((each) => each.protocol === "tls:") ? { tls: {} } : {}),
  };
}

export function startNatsLink(
  options: NodeConnectionOptions,
  events: NatsLinkEvents,
  log: BusLog,
): NatsLink {
  const stopping = new AbortController();
  let connection: NatsConnection | null = null;
  let isUp = false;

  async function follow(live: NatsConnection): Promise<void> {
    for await (const status of live.status()) {
      if (status.type === "disconnect") {
        isUp = false;
        events.onDown();
        log.warn({ server: status.server }, "bus.disconnected");
      } else if (status.type === "reconnect") {
        isUp = true;
        log.info({ server: status.server }, "bus.reconnected");
      }
    }
  }

  async function runOne(): Promise<void> {
    const live = await connect(options);
    if (stopping.signal.aborted) return live.close();
    connection = live;
    isUp = true;
    log.info({ server: live.getServer() }, "bus.connected");
    events.onConnection(live);
    const followed = follow(live);
    const error = await live.closed();
    await followed;
    connection = null;
    isUp = false;
    events.onDown();
    if (error instanceof Error) throw error;
  }

  async function runAll(): Promise<void> {
    let delayMs = retryDelayMs.first;
    let hasWarned = false;
    while (!stopping.signal.aborted) {
      try {
        await runOne();
        delayMs = retryDelayMs.first;
        hasWarned = false;
      } catch (error) {
        // Once for each outage: the retries would fill the log.
        if (!hasWarned) log.warn({ err: error }, "bus.connect_failed");
        hasWarned = true;
      }
      await sleep(delayMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      delayMs = Math.min(delayMs * 2, retryDelayMs.max);
    }
  }

  const running = runAll();
  return {
    current: () => (isUp ? connection : null),
    connection: () => connection,
    async stop() {
      stopping.abort();
      await connection?.close();
      await running;
    },
  };
}

export const linkDefaults: NodeConnectionOptions = {
  noEcho: true,
  maxReconnectAttempts: -1,
  reconnectTimeWait: 100,
  reconnectJitter: 100,
  timeout: connectTimeoutMs,
  pingInterval: pingIntervalMs,
  maxPingOut: 2,
};
