/** Looks for objects of S3, in a triggerer. */

import { createHash } from "node:crypto";
import { setTimeout as rest } from "node:timers/promises";
import { fired } from "@millrace/sdk/worker";
import { readS3Url, s3At } from "./client.ts";
import { readS3Watch, type S3Event, type S3Watch } from "./trigger.ts";

/** Objects that one look goes through; a prefix with more is to be cut. */
const objectsMax = 100_000;
/** Objects that are told at once; the rest the next time. */
const toldMax = 100;
/** Of the newest so many objects it is known which were told. An older one that appears late is not told. */
const knownMax = 3_000;

/** Which objects were told: everything older than `since`, and of the others those with these marks. */
export type S3Cursor = { readonly since: number; readonly known: readonly string[] };

export async function watchS3(
  config: unknown,
  { signal, cursor }: { readonly signal: AbortSignal; readonly cursor?: unknown },
): Promise<unknown> {
  const watch = readS3Watch(config);
  for (;;) {
    const objects = await listObjects(watch, signal, cursor === undefined ? 1 : objectsMax);
    if (cursor === undefined) {
      if (objects.length > 0) return objects[0];
    } else if (cursor === null) {
      // What is there when it begins is not new.
      return fired([], cursorAfter(null, objects, []));
    } else {
      const before = cursor as S3Cursor;
      const fresh = freshOf(before, objects);
      if (fresh.length > 0) {
        const told = fresh.slice(0, toldMax);
        return fired(told, cursorAfter(before, objects, fresh.slice(toldMax)));
      }
    }
    await rest(watch.intervalMs, undefined, { signal });
  }
}

/** What is there and was not told, oldest first. */
export function freshOf({ since, known }: S3Cursor, objects: readonly S3Event[]): S3Event[] {
  const marks = new Set(known);
  return objects
    .filter((object) => object.modifiedAt.getTime() >= since && !marks.has(markOf(object)))
    .toSorted(
      (a, b) => a.modifiedAt.getTime() - b.modifiedAt.getTime() || (a.key < b.key ? -1 : 1),
    );
}

/** @param untold objects that are not told yet: it does not go beyond them. */
export function cursorAfter(
  before: S3Cursor | null,
  objects: readonly S3Event[],
  untold: readonly S3Event[],
): S3Cursor {
  const later = new Set(untold);
  const newestFirst = objects
    .filter((object) => !later.has(object))
    .toSorted((a, b) => b.modifiedAt.getTime() - a.modifiedAt.getTime());
  const kept = newestFirst.slice(0, knownMax);
  const firstLeftOut = newestFirst[knownMax];
  // Times are whole seconds: those of the second in which the list is cut count as told.
  const cut = firstLeftOut === undefined ? 0 : firstLeftOut.modifiedAt.getTime() + 1;
  const oldestUntold = Math.min(...untold.map(({ modifiedAt }) => modifiedAt.getTime()));
  const since = Math.min(Math.max(before?.since ?? 0, cut), oldestUntold);
  return { since, known: kept.map(markOf) };
}

/** Tells an object, as it is now, from others, and from what it was before. */
function markOf({ key, etag }: S3Event): string {
  return createHash("sha1").update(`${key}\0${etag}`).digest("base64").slice(0, 8);
}

async function listObjects(
  { url, suffix, where }: S3Watch,
  signal: AbortSignal,
  max: number,
): Promise<S3Event[]> {
  const s3 = await s3At(where);
  const objects: S3Event[] = [];
  let seen = 0;
  for await (const page of s3.list(readS3Url(url, "s3Trigger: url"))) {
    signal.throwIfAborted();
    seen += page.length;
    objects.push(...page.filter(({ key }) => key.endsWith(suffix)));
    if (objects.length >= max && max < objectsMax) break;
    if (seen > objectsMax)
      throw new Error(
        `There are more than ${objectsMax} objects under ${url}; watch a longer prefix, such as that of a day.`,
      );
  }
  return objects;
}
