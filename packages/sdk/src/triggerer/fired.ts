/** What a trigger of one's own says that watches on: for an asset, or for a task that waits. */

import { isMarked } from "../shared.ts";

const firedMark: unique symbol = Symbol.for("millrace.fired");

/** What has happened, and where to go on from. */
export type Fired = {
  readonly [firedMark]: { readonly events: readonly unknown[]; readonly cursor: unknown };
};

/**
 * What a custom trigger returns that can go on from where it was: a watcher of an asset is called again, with this cursor,
 * and makes an event of each. A task that waits gets the first. No events, for an asset, say where it begins.
 *
 * @param cursor any value that can be carried, at most 32 KiB.
 */
export function fired(events: readonly unknown[], cursor: unknown): Fired {
  return { [firedMark]: { events, cursor } };
}

/** Null for a plain event. */
export function firedOf(returned: unknown): Fired[typeof firedMark] | null {
  return isMarked(returned, firedMark) ? (returned as Fired)[firedMark] : null;
}
