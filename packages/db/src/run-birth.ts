import type { EpochMs, RunType } from "@millrace/engine";

/** What a run is born with, and keeps. */
export type RunBirth = {
  readonly runType: RunType;
  readonly runName: string;
  readonly logicalAt: EpochMs | null;
  /** Both null for a run without a data interval. */
  readonly intervalStartAt: EpochMs | null;
  readonly intervalEndAt: EpochMs | null;
  readonly runAfter: EpochMs;
  /** The part of the data that it is about; null for none. */
  readonly partitionKey: string | null;
};

export type RunBirthRow = {
  run_type: RunType;
  run_name: string;
  logical_at: Date | null;
  interval_start_at: Date | null;
  interval_end_at: Date | null;
  run_after: Date;
  partition_key: string | null;
};

export function birthOf(row: RunBirthRow): RunBirth {
  return {
    runType: row.run_type,
    runName: row.run_name,
    logicalAt: row.logical_at?.getTime() ?? null,
    intervalStartAt: row.interval_start_at?.getTime() ?? null,
    intervalEndAt: row.interval_end_at?.getTime() ?? null,
    runAfter: row.run_after.getTime(),
    partitionKey: row.partition_key,
  };
}
