/** Waits for messages of NATS. */

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

export type NatsTriggerOptions = {
  /** "nats://host:4222", one or several of a cluster. */
  readonly servers: string | readonly string[];
  /** What is listened to; may hold "*" and end in ">". */
  readonly subject: string;
  /**
   * The JetStream stream that keeps the messages. With it none is missed: not those that came between the body and the
   * triggerer, nor those of a time when nobody listened. Without it, only what comes while somebody listens counts.
   */
  readonly stream?: string;
  /** A token, or what a .creds file holds, from the environment of the triggerer. */
  readonly token?: FromEnvironment;
  readonly credentials?: FromEnvironment;
};

/** A message. */
export type NatsEvent = {
  readonly subject: string;
  /** Read as UTF-8. */
  readonly data: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Its number in the stream; null without one. */
  readonly sequence: number | null;
};

/** What the triggerer is told. */
export type NatsWatch = Since & {
  readonly servers: readonly string[];
  readonly subject: string;
  readonly stream: string | null;
  readonly token: FromEnvironment | null;
  readonly credentials: FromEnvironment | null;
};

/**
 * Ends with the next message on a subject; of an asset, each message is an event. Give it to `defer`, or to the option
 * `watchers` of an asset.
 *
 * @throws MillraceError FIELD_INVALID
 */
export function natsTrigger(options: NatsTriggerOptions): Trigger<NatsEvent> {
  const watch = readNatsWatch({ ...options, since: askedAt() }, "natsTrigger");
  const { subject, stream } = watch;
  const what = stream === null ? `NATS ${subject}` : `NATS ${subject} of stream ${stream}`;
  return trigger.custom<NatsEvent>("nats", watch, what.slice(0, 250));
}

/** @throws MillraceError FIELD_INVALID */
export function readNatsWatch(given: unknown, what: string): NatsWatch {
  const { servers, subject, stream, token, credentials } = (given ?? {}) as Record<string, unknown>;
  const read = readText(subject, `${what}: subject`, 'a subject such as "orders.>"');
  if (/\s/.test(read)) refuseOf(`${what}: subject`, subject, "without spaces");
  return {
    servers: readTexts(servers, `${what}: servers`, '"nats://host:4222", or a list of such'),
    subject: read,
    stream: optional(stream, (name) => readText(name, `${what}: stream`, "the name of a stream")),
    token: optional(token, (name) => readEnvironmentName(name, `${what}: token`)),
    credentials: optional(credentials, (name) => readEnvironmentName(name, `${what}: credentials`)),
    ...readSince(given),
  };
}
