/** Rows of the callbacks that something causes. */

import type { CallbackRow } from "@millrace/db";
import {
  callbacksOf,
  callbacksOfRun,
  type Change,
  type Effects,
  type RunEvent,
} from "@millrace/engine";
import { callbackEvents } from "@millrace/wire";
import type { ActiveRun } from "../runs/run.ts";
import { encodeFailure } from "../flush/step.ts";

/** Of what a change of a task instance causes. `event`: null for what a take-over makes up for. */
export function callbackRows(
  run: ActiveRun,
  event: RunEvent | null,
  change: Change,
  at: number,
): CallbackRow[] {
  const due = callbacksOf(run.engine, event, change);
  if (due.length === 0) return [];
  const { ix, mapIx, attempt } = change;
  const cause = encodeFailure(change.failure);
  return due.map(({ ordinal, callback }) => ({
    ...{ runId: run.key, ix, mapIx, attempt, ordinal, happenedAt: at, cause },
    event: callbackEvents[callback.on],
  }));
}

/** Of what the end of a run causes; each of its ends has a number. */
export function runCallbackRows(
  run: ActiveRun,
  event: RunEvent | null,
  end: NonNullable<Effects["run"]>,
  at: number,
): CallbackRow[] {
  const cause = encodeFailure(end.failure);
  return callbacksOfRun(run.engine, event, end).map(({ ordinal, callback }) => ({
    ...{ runId: run.key, ix: -1, mapIx: -1, attempt: run.reopenCount + 1, ordinal },
    ...{ happenedAt: at, cause, event: callbackEvents[callback.on] },
  }));
}
