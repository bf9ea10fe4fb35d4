/** What the owner of a DAG keeps of those of its runs that wait for inputs. */

import type { ActiveRunRow } from "@millrace/db";
import type { Asked, EpochMs, InputJudgement, InputsSpec } from "@millrace/engine";

/** What of a run its waiting depends on. */
export type WaitingFacts = Pick<
  ActiveRunRow,
  "id" | "runType" | "logicalAt" | "intervalEndAt" | "runAfter" | "queuedAt"
>;

/** A queued run that waits for instances of assets. It is in its DAG's line, parked. */
export type WaitingRun = {
  readonly key: number;
  readonly facts: WaitingFacts;
  readonly spec: InputsSpec;
  readonly asked: Asked;
  readonly timeoutAt: EpochMs | null;
  /** Of a scheduled run of a DAG with the order "none". */
  readonly leftOutAt: EpochMs | null;
  /** When it is looked at although nothing comes. */
  nextAt: EpochMs | null;
  /** As of the last look; null before the first. */
  judged: InputJudgement | null;
};

/** What a DAG's runs wait for. */
export type DagInputs = {
  readonly waiting: Map<number, WaitingRun>;
  /** Queued runs of which nobody knows yet whether they wait. */
  readonly fresh: Set<number>;
  /** Instances that are there, for good: `instanceKeyOf` and since when. */
  readonly found: Map<string, EpochMs>;
};

export function noDagInputs(): DagInputs {
  return { waiting: new Map(), fresh: new Set(), found: new Map() };
}
