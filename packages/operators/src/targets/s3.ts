/** An object of S3 as what a task makes. */

import type { ReadableTarget, Target } from "@millrace/sdk";
import { readS3Url, s3At, type S3Options } from "../s3/client.ts";

/**
 * A target that exists once the object does. Objects of S3 are there as a whole or not at all.
 *
 * @param url "s3://bucket/key"
 * @param options `read`: makes the task's value of the object's text.
 * @throws MillraceError FIELD_INVALID
 */
export function s3Target<V>(
  url: string,
  options: S3Options & { readonly read: (text: string) => V },
): ReadableTarget<V>;
export function s3Target(url: string, options?: S3Options): Target<never>;
export function s3Target<V>(
  url: string,
  options: S3Options & { readonly read?: (text: string) => V } = {},
): Target<V> {
  const place = readS3Url(url, "s3Target: url");
  const { read, ...where } = options;
  return {
    name: url,
    exists: async () => (await s3At(where)).exists(place),
    ...(read !== undefined && { read: async () => read(await (await s3At(where)).read(place)) }),
  };
}
