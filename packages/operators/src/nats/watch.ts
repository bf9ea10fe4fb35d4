/** Listens to NATS, in a triggerer. */

import { randomUUID } from "node:crypto";
import type { NatsConnection } from "@nats-io/transport-node";
import { Feed } from "../feeds/feed.ts";
import { watchFeed, type Opening } from "../feeds/watch-feed.ts";
import { secretOf } from "../settings.ts";
import { readNatsWatch, type NatsEvent, type NatsWatch } from "./trigger.ts";

/** How long a connection may take. */
const connectMaxMs = 10_000;

export async function watchNats(
  config: unknown,
  { signal, cursor }: { readonly signal: AbortSignal; readonly cursor?: unknown },
): Promise<unknown> {
  const watch = readNatsWatch(config, "natsTrigger");
  const key = JSON.stringify(["nats", watch]);
  return await watchFeed(key, { cursor, signal }, (opening) => openFeed(watch, opening));
}

async function openFeed(watch: NatsWatch, { cursor }: Opening): Promise<Feed> {
  const connection = await connect(watch);
  try {
    return watch.stream === null
      ? await listen(connection, watch)
      : await follow(connection, watch, watch.stream, cursor);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function connect({ servers, token, credentials }: NatsWatch): Promise<NatsConnection> {
  const nats = await import("@nats-io/transport-node");
  return await nats.connect({
    servers: [...servers],
    timeout: connectMaxMs,
    maxReconnectAttempts: -1,
    name: "millrace triggerer",
    ...(token !== null && { token: secretOf(token, "natsTrigger: token") }),
    ...(credentials !== null && {
      authenticator: nats.credsAuthenticator(
        new TextEncoder().encode(secretOf(credentials, "natsTrigger: credentials")),
      ),
    }),
  });
}

type Heard = {
  readonly subject: string;
  string(): string;
  readonly headers?: Headers | undefined;
};
type Headers = { keys(): string[]; get(name: string): string };

/** What nobody keeps: a cursor is worth something only as long as this connection stays. */
async function listen(connection: NatsConnection, { subject }: NatsWatch): Promise<Feed> {
  const id = randomUUID();
  const subscription = connection.subscribe(subject);
  // Only then does the server know of it.
  await connection.flush();
  const feed = new Feed({ id, count: 0 }, () => connection.close());
  void (async () => {
    let count = 0;
    for await (const message of subscription) {
      count += 1;
      if (!(await feed.push({ event: eventOf(message, null), cursor: { id, count } }))) return;
    }
    feed.fail(new Error(`The subscription to ${subject} has ended.`));
  })().catch((error: unknown) => feed.fail(error));
  return feed;
}

/** What a stream keeps: from the message after the cursor, from the moment of a wait, or from now on. */
async function follow(
  connection: NatsConnection,
  { subject, since }: NatsWatch,
  stream: string,
  cursor: unknown,
): Promise<Feed> {
  const { DeliverPolicy, jetstream, jetstreamManager } = await import("@nats-io/jetstream");
  const { state } = await (await jetstreamManager(connection)).streams.info(stream);
  const last = sequenceOf(cursor) ?? state.last_seq;
  const isByTime = cursor === undefined && since !== null;
  const consumer = await jetstream(connection).consumers.get(stream, {
    filter_subjects: subject,
    ...(isByTime
      ? { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(since).toISOString() }
      : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: last + 1 }),
  });
  const messages = await consumer.consume();
  const feed = new Feed({ sequence: last }, async () => {
    await messages.close();
    await connection.close();
  });
  void (async () => {
    for await (const message of messages) {
      const sequence = message.seq;
      const item = { event: eventOf(message, sequence), cursor: { sequence } };
      if (!(await feed.push(item))) return;
    }
    feed.fail(new Error(`The messages of stream ${stream} have ended.`));
  })().catch((error: unknown) => feed.fail(error));
  return feed;
}

function sequenceOf(cursor: unknown): number | null {
  const { sequence } = (cursor ?? {}) as { sequence?: unknown };
  return typeof sequence === "number" ? sequence : null;
}

function eventOf(message: Heard, sequence: number | null): NatsEvent {
  const { subject, headers } = message;
  const named = headers?.keys().map((name): [string, string] => [name, headers.get(name)]) ?? [];
  return { subject, data: message.string(), headers: Object.fromEntries(named), sequence };
}
