/** Errors about what a body hands to the words that wait. */

import { MillraceError } from "@millrace/engine";

/** How much of a wrong value a message repeats. */
const shownMax = 100;

/**
 * Refuses a field of a trigger or a deferral.
 *
 * @param field its full name, such as `trigger.http: url`.
 * @param remedy what it must be.
 * @throws MillraceError FIELD_INVALID, always.
 */
export function refuseField(field: string, value: unknown, remedy: string): never {
  const shown = show(value);
  throw new MillraceError("FIELD_INVALID", `${field} is ${shown}; it must be ${remedy}`, {
    metadata: { field, value: shown },
  });
}

function show(value: unknown): string {
  if (value instanceof Date) return "an invalid Date";
  if (typeof value === "function") return "a function";
  const shown = JSON.stringify(value) ?? String(value);
  return shown.length > shownMax ? `${shown.slice(0, shownMax)}…` : shown;
}
