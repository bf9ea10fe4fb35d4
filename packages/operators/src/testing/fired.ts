/** What a trigger says with `fired`. */

import { fired } from "@millrace/sdk/worker";

export type Told<E> = { readonly events: readonly E[]; readonly cursor: unknown };

/** @throws when it returned something else. */
export function toldBy<E>(returned: unknown): Told<E> {
  const [mark] = Object.getOwnPropertySymbols(fired([], null));
  const told = (returned as Record<symbol, Told<E> | undefined> | undefined)?.[mark!];
  if (told === undefined) throw new Error(`It returned ${JSON.stringify(returned)}.`);
  return told;
}
