/** An object of S3 as what a task makes. */

import type { ReadableTarget, Target } from "@millrace/sdk";
import { readS3Url, s3Client, type S3Options, type S3Place } from "../s3/client.ts";

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
    exists: () => isThere(place, where),
    ...(read !== undefined && { read: async () => read(await textOf(place, where)) }),
  };
}

async function isThere({ bucket, key }: S3Place, where: S3Options): Promise<boolean> {
  const { HeadObjectCommand } = await import("@aws-sdk/client-s3");
  const client = await s3Client(where);
  try {
    await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
}

async function textOf({ bucket, key }: S3Place, where: S3Options): Promise<string> {
  const { GetObjectCommand } = await import("@aws-sdk/client-s3");
  const client = await s3Client(where);
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return (await Body?.transformToString()) ?? "";
}

function statusOf(error: unknown): number | undefined {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  return $metadata?.httpStatusCode;
}
