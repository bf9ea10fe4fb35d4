/** What a body may know of its run, and the names under which references reach it. */

import type { RunTypeName } from "@millrace/engine";

export type RunFacts = {
  readonly id: string;
  /** Unique within the DAG, such as "manual__2026-01-01T00:00:00+00:00". */
  readonly name: string;
  readonly dagId: string;
  readonly type: RunTypeName;
  readonly dagVersion: number;
  readonly logicalDate: Date | null;
  readonly dataInterval: { readonly start: Date | null; readonly end: Date | null };
  /** When the run was due: its tick, or the moment somebody asked for it. */
  readonly runAfter: Date;
  /** The part of the data that the run is about, such as "2026-01-02"; null for none. */
  readonly partitionKey: string | null;
  readonly params: unknown;
  /** What the run was given of its DAG's inputs, by name. Left out where there are none. */
  readonly inputs?: RunInputs;
};

/** One instance of a dated asset. */
export type InputInstance = {
  readonly uri: string;
  readonly partitionKey: string;
  /** What the key tells. */
  readonly date: Date;
};

/** Instances by the names of the DAG's option `inputs`, each list by date. */
export type RunInputs = Readonly<Record<string, readonly InputInstance[]>>;

export type RunValue = RunFacts & {
  /** Day of the logical date (else of `runAfter`) in UTC, "YYYY-MM-DD". */
  readonly ds: string;
  /** The same instant as ISO 8601 with zone, as Airflow writes it: "2026-01-01T00:00:00+00:00". */
  readonly ts: string;
};

/** The object that `{"$":"run","path":…}` walks, and `context().run`. */
export function valueOfRun(facts: RunFacts): RunValue {
  const instant = facts.logicalDate ?? facts.runAfter;
  return { ...facts, ds: instant.toISOString().slice(0, 10), ts: isoWithOffset(instant) };
}

/** As Python's `isoformat` writes UTC: an offset instead of Z, and six decimals or none. */
export function isoWithOffset(instant: Date): string {
  const iso = instant.toISOString();
  const millis = iso.slice(-4, -1);
  return millis === "000" ? iso.replace(/\.000Z$/, "+00:00") : iso.replace(/Z$/, "000+00:00");
}
