/** Waits for objects of S3. */

import { trigger, type Duration, type Trigger } from "@millrace/sdk";
import { refuseOf } from "../refuse.ts";
import { readInterval } from "../settings.ts";
import { readS3Url, type S3Object, type S3Options } from "./client.ts";

export type S3TriggerOptions = S3Options & {
  /** "s3://bucket/prefix": keys that begin with the prefix. */
  readonly url: string;
  /** Only keys that end with this, such as ".csv". */
  readonly suffix?: string;
  /** From one look to the next, at least a second. Default "30s". */
  readonly interval?: Duration;
};

/** An object: its bucket, key, size in bytes, etag, and when it was written. */
export type S3Event = S3Object;

/** What the triggerer is told. */
export type S3Watch = Required<Pick<S3TriggerOptions, "url">> & {
  readonly suffix: string;
  readonly intervalMs: number;
  readonly where: S3Options;
};

const defaultIntervalMs = 30_000;

/**
 * Ends when there is an object under a prefix; of an asset, each object that is new or written anew is an event. Give it to
 * `defer`, or to the option `watchers` of an asset. Credentials are the triggerer's.
 *
 * @throws MillraceError FIELD_INVALID
 */
export function s3Trigger(options: S3TriggerOptions): Trigger<S3Event> {
  const { url, suffix = "", interval, region, endpoint, pathStyle } = options;
  const { bucket, key } = readS3Url(url, "s3Trigger: url");
  const watch: S3Watch = {
    url: `s3://${bucket}/${key}`,
    suffix: typeof suffix === "string" ? suffix : refuseOf("s3Trigger: suffix", suffix, "a text"),
    intervalMs: readInterval(interval, "s3Trigger: interval", defaultIntervalMs),
    where: {
      ...(region !== undefined && { region }),
      ...(endpoint !== undefined && { endpoint }),
      ...(pathStyle !== undefined && { pathStyle }),
    },
  };
  return trigger.custom<S3Event>("s3", watch, `${watch.url}*${watch.suffix}`.slice(0, 250));
}

/** @throws MillraceError FIELD_INVALID */
export function readS3Watch(config: unknown): S3Watch {
  const { url, suffix, intervalMs, where } = (config ?? {}) as Partial<S3Watch>;
  const { bucket, key } = readS3Url(url, "s3Trigger: url");
  return {
    url: `s3://${bucket}/${key}`,
    suffix: suffix ?? "",
    intervalMs: readInterval(
      typeof intervalMs === "number" ? { milliseconds: intervalMs } : undefined,
      "s3Trigger: intervalMs",
      defaultIntervalMs,
    ),
    where: where ?? {},
  };
}
