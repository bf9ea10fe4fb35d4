/** Reads what a watcher of an asset tells; it may come from a triggerer in any language. */

import { assetLimits, type Failure } from "@millrace/engine";

/** Where it goes on from, and what each event says: codec JSON. */
export type Told = { readonly cursor: Uint8Array; readonly events: readonly Uint8Array[] };

/** Events that are taken at once. */
const eventsMax = 100;

/** Null for anything but {"cursor": …, "events": […]} with few enough events, each an object and short enough. */
export function readTold(data: Uint8Array | undefined): Told | null {
  if (data === undefined) return null;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(data));
  } catch {
    return null;
  }
  if (!isObject(value) || !Array.isArray(value["events"])) return null;
  const { cursor = null, events } = value as { cursor?: unknown; events: unknown[] };
  if (events.length > eventsMax || !events.every((event) => isObject(event) && !("$" in event)))
    return null;
  const encode = (one: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(one));
  const encoded = events.map(encode);
  if (encoded.some((event) => event.length > assetLimits.eventExtraBytes)) return null;
  return { cursor: encode(cursor), events: encoded };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The triggerer is not what it should be. */
export const invalidTold: Failure = {
  kind: "setup",
  type: "InvalidResult",
  message:
    `The triggerer told no {"cursor": …, "events": […]} with at most ${eventsMax} objects of at most ` +
    `${assetLimits.eventExtraBytes} bytes; update it.`,
  stack: "",
  retryable: true,
  retryAfterMs: null,
};
