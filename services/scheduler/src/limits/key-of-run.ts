/** The concurrency key of a run. */

import { concurrencyKeyOf, type DagSpec } from "@millrace/engine";

const reader = new TextDecoder();

/** Null for a run of a DAG without such a key. */
export function keyOfRun(
  { concurrencyKey }: Pick<DagSpec, "concurrencyKey">,
  params: Uint8Array,
): string | null {
  return concurrencyKey === null ? null : concurrencyKeyOf(concurrencyKey, reader.decode(params));
}
