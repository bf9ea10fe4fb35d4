/** Reads topics of Kafka, in a triggerer. */

import { randomUUID } from "node:crypto";
import type { Consumer, Message } from "@platformatic/kafka";
import { Feed } from "../feeds/feed.ts";
import { watchFeed, type Opening } from "../feeds/watch-feed.ts";
import { orInstall } from "../optional.ts";
import { secretOf } from "../settings.ts";
import { readKafkaWatch, type KafkaEvent, type KafkaWatch } from "./trigger.ts";

/** How long a broker may take to answer, and how often it is asked. */
const answerMaxMs = 10_000;
const triesMax = 3;
/** Where Kafka counts from, for "the newest". */
const newest = -1n;

export async function watchKafka(
  config: unknown,
  { signal, cursor }: { readonly signal: AbortSignal; readonly cursor?: unknown },
): Promise<unknown> {
  const watch = readKafkaWatch(config, "kafkaTrigger");
  const key = JSON.stringify(["kafka", watch]);
  return await watchFeed(key, { cursor, signal }, (opening) => openFeed(watch, opening));
}

/** The next offset of each partition. */
type Offsets = Readonly<Record<string, number>>;

async function openFeed(watch: KafkaWatch, { cursor }: Opening): Promise<Feed> {
  const kafka = await loadKafka();
  const consumer = connect(kafka, watch);
  try {
    const begin = await beginOf(consumer, watch, cursor);
    const { topic } = watch;
    const stream = await consumer.consume({
      topics: [topic],
      mode: kafka.MessagesStreamModes.MANUAL,
      autocommit: false,
      isolationLevel: 1,
      offsets: Object.entries(begin).map(([partition, offset]) => ({
        topic,
        partition: Number(partition),
        offset: BigInt(offset),
      })),
    });
    const feed = new Feed(begin, async () => {
      await stream.close();
      await consumer.close(true);
    });
    void (async () => {
      let offsets = begin;
      for await (const message of stream) {
        const event = eventOf(message);
        offsets = { ...offsets, [event.partition]: event.offset + 1 };
        if (!(await feed.push({ event, cursor: offsets }))) return;
      }
      feed.fail(new Error(`The messages of topic ${topic} have ended.`));
    })().catch((error: unknown) => feed.fail(error));
    return feed;
  } catch (error) {
    await consumer.close(true).catch(() => undefined);
    throw error;
  }
}

type Kafka = Awaited<ReturnType<typeof loadKafka>>;

/** @throws Error that says what to install, where it is missing */
function loadKafka() {
  return import("@platformatic/kafka").catch(orInstall("@platformatic/kafka", "Kafka"));
}

function connect({ Consumer }: Kafka, watch: KafkaWatch): Consumer {
  const { brokers, tls, sasl, groupPrefix } = watch;
  return new Consumer({
    clientId: "millrace-triggerer",
    groupId: `${groupPrefix}-${randomUUID()}`,
    bootstrapBrokers: [...brokers],
    timeout: answerMaxMs,
    retries: triesMax,
    ...(tls && { tls: {} }),
    ...(sasl !== null && {
      sasl: {
        mechanism: sasl.mechanism,
        username: secretOf(sasl.username, "kafkaTrigger: sasl.username"),
        password: secretOf(sasl.password, "kafkaTrigger: sasl.password"),
      },
    }),
  });
}

/** From the cursor, from the moment of a wait, or from now on. Partitions that are new begin at their beginning. */
async function beginOf(
  consumer: Consumer,
  { topic, since }: KafkaWatch,
  cursor: unknown,
): Promise<Offsets> {
  const ends = await offsetsAt(consumer, topic, newest);
  if (cursor !== undefined && cursor !== null) {
    const known = cursor as Offsets;
    const partitions = ends.map((_, partition) => [String(partition), known[partition] ?? 0]);
    return Object.fromEntries(partitions) as Offsets;
  }
  if (cursor === null || since === null) return named(ends);
  const then = await offsetsAt(consumer, topic, BigInt(since));
  // Where nothing is as young as that, from its end on.
  return named(then.map((offset, partition) => (offset < 0n ? (ends[partition] ?? 0n) : offset)));
}

async function offsetsAt(
  consumer: Consumer,
  topic: string,
  at: bigint,
): Promise<readonly bigint[]> {
  const offsets = await consumer.listOffsets({ topics: [topic], timestamp: at });
  return offsets.get(topic) ?? [];
}

function named(offsets: readonly bigint[]): Offsets {
  return Object.fromEntries(
    offsets.map((offset, partition) => [String(partition), Number(offset)]),
  );
}

function eventOf(message: Message): KafkaEvent {
  const { topic, partition, offset, timestamp, key, value, headers } = message;
  const texts = [...headers].map(([name, text]): [string, string] => [
    name.toString("utf8"),
    text.toString("utf8"),
  ]);
  return {
    ...{ topic, partition, offset: Number(offset), at: new Date(Number(timestamp)) },
    key: textOf(key),
    value: textOf(value),
    headers: Object.fromEntries(texts),
  };
}

function textOf(bytes: Buffer | null | undefined): string | null {
  return bytes === null || bytes === undefined ? null : bytes.toString("utf8");
}
