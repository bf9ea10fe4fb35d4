/** How triggers watch what messages come from: once for a task that waits, again and again for an asset. */

import { isDeepStrictEqual } from "node:util";
import { fired } from "@millrace/sdk/worker";
import type { Feed } from "./feed.ts";

export type Opening = {
  /** Where to go on from; undefined for a task that waits, null for an asset that is watched for the first time. */
  readonly cursor: unknown;
  readonly signal: AbortSignal;
};

/** How long a connection stays open for an asset between two calls: from what it tells to being asked to go on. */
const lingerMs = 60_000;

const lingering = new Map<string, { readonly feed: Feed; readonly timer: NodeJS.Timeout }>();

/**
 * @param key tells what is watched; the same for the same.
 * @param open begins at the cursor.
 * @returns the first message for a task that waits; what is next, and where to go on from, for an asset.
 */
export async function watchFeed(
  key: string,
  opening: Opening,
  open: (opening: Opening) => Promise<Feed>,
): Promise<unknown> {
  const { cursor, signal } = opening;
  if (cursor === undefined) {
    const feed = await open(opening);
    try {
      return (await feed.take(signal))[0]?.event;
    } finally {
      await close(feed);
    }
  }
  const feed = resumed(key, cursor) ?? (await open(opening));
  // Whoever watches for the first time says where it begins, so that nothing is missed if it is lost.
  if (cursor === null) return linger(key, feed, []);
  try {
    const items = await feed.take(signal);
    return linger(
      key,
      feed,
      items.map(({ event }) => event),
    );
  } catch (error) {
    await close(feed);
    throw error;
  }
}

function linger(key: string, feed: Feed, events: readonly unknown[]): unknown {
  const before = lingering.get(key);
  if (before !== undefined) forget(key, before.timer, before.feed);
  const timer = setTimeout(() => forget(key, timer, feed), lingerMs);
  timer.unref();
  lingering.set(key, { feed, timer });
  return fired(events, feed.position);
}

function resumed(key: string, cursor: unknown): Feed | null {
  const found = lingering.get(key);
  if (found === undefined) return null;
  clearTimeout(found.timer);
  lingering.delete(key);
  if (!found.feed.isClosed && isDeepStrictEqual(found.feed.position, cursor)) return found.feed;
  void close(found.feed);
  return null;
}

function forget(key: string, timer: NodeJS.Timeout, feed: Feed): void {
  clearTimeout(timer);
  if (lingering.get(key)?.feed === feed) lingering.delete(key);
  void close(feed);
}

/** Closes what may be broken already. */
async function close(feed: Feed): Promise<void> {
  await feed.close().catch(() => undefined);
}
