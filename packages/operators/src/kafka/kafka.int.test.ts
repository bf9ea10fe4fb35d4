/** Against a real broker, where there is one to be had. */

import { Admin, Producer, stringSerializers } from "@platformatic/kafka";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findKafka, startKafka, type KafkaServer } from "../testing/kafka-server.ts";
import { toldBy } from "../testing/fired.ts";
import { kafkaTrigger, readKafkaWatch, type KafkaEvent } from "./trigger.ts";
import { watchKafka } from "./watch.ts";

const kafka = await findKafka();
const limitMs = 120_000;

describe.skipIf(kafka === null)("a topic of Kafka", { timeout: limitMs }, () => {
  let server: KafkaServer;
  let producer: Producer<string, string, string, string>;
  beforeAll(async () => {
    server = await startKafka(kafka!);
    const bootstrapBrokers = [server.broker];
    const admin = new Admin({ clientId: "test", bootstrapBrokers, retries: 60, retryDelay: 250 });
    await admin.createTopics({ topics: ["orders", "waits"], partitions: 2, replicas: 1 });
    await admin.close();
    producer = new Producer({ clientId: "test", bootstrapBrokers, serializers: stringSerializers });
  }, limitMs);
  afterAll(async () => {
    await producer?.close();
    await server?.[Symbol.asyncDispose]();
  }, limitMs);

  const send = (topic: string, key: string, value: string) =>
    producer.send({ messages: [{ topic, key, value, headers: { kind: "test" } }] });
  const never = new AbortController().signal;

  test("an asset's watcher begins at the end, tells each message once, and goes on from its cursor", async () => {
    await send("orders", "before", "not told");
    const config = readKafkaWatch({ brokers: server.broker, topic: "orders" }, "test");
    const begun = toldBy<KafkaEvent>(await watchKafka(config, { signal: never, cursor: null }));
    expect(begun.events).toEqual([]);

    await send("orders", "a", "1");
    const first = toldBy<KafkaEvent>(
      await watchKafka(config, { signal: never, cursor: begun.cursor }),
    );
    expect(first.events).toMatchObject([
      {
        topic: "orders",
        key: "a",
        value: "1",
        headers: { kind: "test" },
        at: expect.any(Date) as Date,
      },
    ]);

    // Nobody listens: what comes meanwhile is told by whoever goes on, from the cursor alone.
    await send("orders", "b", "2");
    await send("orders", "c", "3");
    const elsewhere = { ...config, groupPrefix: "another-triggerer" };
    const told = new Map<string | null, string | null>();
    let { cursor } = first;
    while (told.size < 2) {
      const next = toldBy<KafkaEvent>(await watchKafka(elsewhere, { signal: never, cursor }));
      for (const { key, value } of next.events) told.set(key, value);
      cursor = next.cursor;
    }
    expect(Object.fromEntries(told)).toEqual({ b: "2", c: "3" });

    // A report that was lost: the same cursor tells the same again.
    const again = toldBy<KafkaEvent>(
      await watchKafka(elsewhere, { signal: never, cursor: begun.cursor }),
    );
    expect(again.events.map(({ key }) => key)).toContain("a");
  });

  test("a task that waits gets what came after its body asked, also before anybody listened", async () => {
    const since = Date.now();
    await send("waits", "k", "v");
    const config = { ...readKafkaWatch({ brokers: server.broker, topic: "waits" }, "test"), since };
    expect(await watchKafka(config, { signal: never })).toMatchObject({ key: "k", value: "v" });
  });

  test("stops when nobody waits any more", async () => {
    const config = readKafkaWatch({ brokers: server.broker, topic: "waits" }, "test");
    const stopping = new AbortController();
    const watching = watchKafka(config, { signal: stopping.signal });
    stopping.abort(new Error("over"));
    await expect(watching).rejects.toThrow("over");
  });
});

test("no broker there fails the watch", { timeout: limitMs }, async () => {
  const config = readKafkaWatch({ brokers: "127.0.0.1:1", topic: "orders" }, "test");
  const watching = watchKafka(config, { signal: new AbortController().signal });
  await expect(watching).rejects.toThrow();
});

test.each([
  [{ topic: "a" }, "kafkaTrigger: brokers is undefined"],
  [
    { brokers: "h:1", topic: "a b" },
    'kafkaTrigger: topic is "a b"; it must be 1 to 249 characters',
  ],
  [{ brokers: "h:1", topic: "a", tls: "yes" }, 'kafkaTrigger: tls is "yes"'],
  [{ brokers: "h:1", topic: "a", sasl: { mechanism: "MD5" } }, 'sasl.mechanism is "MD5"'],
  [
    { brokers: "h:1", topic: "a", sasl: { mechanism: "PLAIN", username: "secret" } },
    'kafkaTrigger: sasl.username is "string"; it must be the name of an environment variable',
  ],
])("a wrong option is refused: %j", (options, message) => {
  expect(() => kafkaTrigger(options as never)).toThrow(message);
});
