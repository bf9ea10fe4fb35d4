/** Waits for messages of Kafka. */

import { trigger, type Trigger } from "@millrace/sdk";
import { refuseOf } from "../refuse.ts";
import {
  askedAt,
  optional,
  readEnvironmentName,
  readSince,
  readText,
  readTexts,
  type FromEnvironment,
  type Since,
} from "../settings.ts";

export type KafkaTriggerOptions = {
  /** "host:9092", one or several. */
  readonly brokers: string | readonly string[];
  readonly topic: string;
  /** Whether the connection is encrypted. Default false. */
  readonly tls?: boolean;
  /** How the triggerer says who it is. */
  readonly sasl?: KafkaLogin;
  /**
   * Consumer groups that it makes begin with this, a dash and a random number; it commits nothing. Default "millrace".
   */
  readonly groupPrefix?: string;
};

export type KafkaLogin = {
  readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
  readonly username: FromEnvironment;
  readonly password: FromEnvironment;
};

/** A message. */
export type KafkaEvent = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly at: Date;
  /** Read as UTF-8; null for none. */
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
};

/** What the triggerer is told. */
export type KafkaWatch = Since & {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly tls: boolean;
  readonly sasl: KafkaLogin | null;
  readonly groupPrefix: string;
};

const mechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;

/**
 * Ends with the next message of a topic; of an asset, each message is an event, and none is missed. Give it to `defer`, or
 * to the option `watchers` of an asset.
 *
 * @throws MillraceError FIELD_INVALID
 */
export function kafkaTrigger(options: KafkaTriggerOptions): Trigger<KafkaEvent> {
  const watch = readKafkaWatch({ ...options, since: askedAt() }, "kafkaTrigger");
  return trigger.custom<KafkaEvent>("kafka", watch, `Kafka topic ${watch.topic}`.slice(0, 250));
}

/** @throws MillraceError FIELD_INVALID */
export function readKafkaWatch(given: unknown, what: string): KafkaWatch {
  const { brokers, topic, tls, sasl, groupPrefix } = (given ?? {}) as Record<string, unknown>;
  const read = readText(topic, `${what}: topic`, 'the name of a topic, such as "orders"');
  if (!/^[\w.-]{1,249}$/.test(read))
    refuseOf(`${what}: topic`, topic, "1 to 249 characters of A-Z a-z 0-9 _ - .");
  if (tls !== undefined && typeof tls !== "boolean") refuseOf(`${what}: tls`, tls, "true or false");
  return {
    brokers: readTexts(brokers, `${what}: brokers`, '"host:9092", or a list of such'),
    topic: read,
    tls: tls === true,
    sasl: optional(sasl, (login) => readLogin(login, `${what}: sasl`)),
    groupPrefix:
      groupPrefix === undefined
        ? "millrace"
        : readText(groupPrefix, `${what}: groupPrefix`, "a text"),
    ...readSince(given),
  };
}

function readLogin(sasl: unknown, what: string): KafkaLogin {
  const { mechanism, username, password } = sasl as Record<string, unknown>;
  const known = mechanisms.find((one) => one === mechanism);
  if (known === undefined) return refuseOf(`${what}.mechanism`, mechanism, mechanisms.join(" or "));
  return {
    mechanism: known,
    username: readEnvironmentName(username, `${what}.username`),
    password: readEnvironmentName(password, `${what}.password`),
  };
}
