/** The types and names of runs, as users of Airflow know them. */

import type { EpochMs } from "../spec/spec.ts";

/** What made a run: the codes that rows and protobuf share (`proto/millrace/v1/dag.proto`). */
export const RunType = {
  scheduled: 1,
  manual: 2,
  backfill: 3,
  asset_triggered: 4,
  asset_materialization: 5,
} as const;
export type RunTypeName = keyof typeof RunType;
export type RunType = (typeof RunType)[RunTypeName];

const typeNames = Object.fromEntries(
  Object.entries(RunType).map(([name, code]) => [code, name]),
) as Record<RunType, RunTypeName>;

export function runTypeName(type: RunType): RunTypeName {
  return typeNames[type];
}

/**
 * Names a run after its type and the moment it was due, such as `manual__2026-01-01T00:00:00+00:00`.
 *
 * As in Airflow 3, the logical date has no part in it. A partition key stands behind it, and something that makes it unique
 * has to stand behind that. Names may collide (two triggers in one millisecond): whoever
 * stores runs adds a suffix.
 */
export function runName(
  type: RunTypeName,
  _logicalDate: EpochMs | null,
  runAfter: EpochMs,
  partitionKey: string | null = null,
): string {
  const plain = `${type}__${isoOffset(runAfter)}`;
  return partitionKey === null ? plain : `${plain}__${partitionKey}`;
}

/** ISO 8601 with an explicit zone, and with microseconds only where there is a fraction. */
function isoOffset(at: EpochMs): string {
  const [seconds, fraction] = new Date(at).toISOString().slice(0, -1).split(".");
  return `${seconds}${fraction === "000" ? "" : `.${fraction}000`}+00:00`;
}
