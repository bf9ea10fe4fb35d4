/** Errors about what a word of this package is told. */

import { MillraceError } from "@millrace/sdk";

/** How much of a wrong value a message repeats. */
const shownMax = 100;

/**
 * Refuses a field.
 *
 * @param field its full name, such as "s3Trigger: url".
 * @param remedy what it must be.
 * @throws MillraceError FIELD_INVALID, always.
 */
export function refuseOf(field: string, value: unknown, remedy: string): never {
  const text = JSON.stringify(value) ?? String(value);
  const shown = text.length > shownMax ? `${text.slice(0, shownMax)}…` : text;
  throw new MillraceError("FIELD_INVALID", `${field} is ${shown}; it must be ${remedy}`, {
    metadata: { field, value: shown },
  });
}
