/** What a run in memory knows of its task instances beside what the engine does. */

import type { EpochMs, Failure, InstanceRef } from "@millrace/engine";
import type { LogFields } from "@millrace/sdk/spec";
import type { Wait } from "./waits.ts";

export type LogLine = {
  readonly taskId: string;
  /** Null for a task that is not mapped. */
  readonly mapIndex: number | null;
  readonly tryNumber: number;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: LogFields;
};

export type InstanceRecord = {
  /** What its body returned, encoded; null for nothing. */
  out: Uint8Array | null;
  xcoms: Readonly<Record<string, Uint8Array>>;
  failure: Failure | null;
  label: string | null;
  waitUntil: EpochMs | null;
  /** When its try began, and with which attempt when that was not the newest: a sensor that looks again goes on with it. */
  startedAt: EpochMs;
  firstAttempt: number;
  /** What it gave its slot back for, until the attempt that goes on with what came has ended. */
  wait: Wait | null;
  /** How often it has waited, as far as the test says what comes. */
  waits: number;
  /** How often its body has been called, as far as the test says what it does. */
  calls: number;
  readonly logs: LogLine[];
};

export class Records {
  readonly #records = new Map<number, Map<number, InstanceRecord>>();

  of({ ix, mapIx }: InstanceRef): InstanceRecord {
    const records = this.#records.get(ix) ?? new Map<number, InstanceRecord>();
    this.#records.set(ix, records);
    const record = records.get(mapIx) ?? newRecord();
    records.set(mapIx, record);
    return record;
  }

  peek({ ix, mapIx }: InstanceRef): Readonly<InstanceRecord> {
    return this.#records.get(ix)?.get(mapIx) ?? nothing;
  }
}

function newRecord(): InstanceRecord {
  return {
    out: null,
    xcoms: {},
    failure: null,
    label: null,
    waitUntil: null,
    startedAt: 0,
    firstAttempt: 0,
    wait: null,
    waits: 0,
    calls: 0,
    logs: [],
  };
}

const nothing: Readonly<InstanceRecord> = newRecord();
