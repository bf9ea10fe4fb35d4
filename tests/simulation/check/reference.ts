/** Final states against the engine's small reference: what workers reported, in the order in which it became durable, replayed there. */

import { taskStateName, type CompiledDag, type RunEvent, type TaskState } from "@millrace/engine";
import { graphOf } from "../../../packages/engine/src/testing/reference/graph.ts";
import { happen } from "../../../packages/engine/src/testing/reference/happen.ts";
import {
  allInstances,
  newWorld,
  type World as Reference,
} from "../../../packages/engine/src/testing/reference/world.ts";
import type { InstanceChange } from "../database/flush.ts";
import type { InstanceRow, RunRow } from "../database/rows.ts";
import { ensure } from "./violation.ts";

/** Lengths of the lists in the params of every run of the simulation. */
const paramLengths: Readonly<Record<string, number>> = { p0: 2, p1: 0, p2: 3 };

const failure = (retryable: boolean) => ({
  kind: "application" as const,
  ...{ type: "", message: "", stack: "", retryable, retryAfterMs: null },
});

/** Longer than a run of the simulation takes that nothing keeps from going on. */
function wasStuck({ spec: { dagrunTimeoutMs } }: CompiledDag, run: RunRow): boolean {
  const tookMs = (run.ended_at ?? 0) - (run.started_at ?? Infinity);
  return dagrunTimeoutMs !== null && tookMs >= dagrunTimeoutMs;
}

/** Only of runs that ended by themselves: nobody cleared, marked or cancelled. */
export function checkAgainstReference(
  dag: CompiledDag,
  run: RunRow,
  changes: readonly InstanceChange[],
): void {
  // Its end would hide what held it.
  ensure(!wasStuck(dag, run), "L3", () => `run ${run.id} went on until its time was over`);
  const inputs = {
    logicalDate: run.logical_at,
    lengthOf: ([, name]: readonly (string | number)[]) => paramLengths[String(name)] ?? null,
  };
  const reference = newWorld(graphOf(dag.spec, dag.taskIds), inputs);
  const measures = (id: string): string[] =>
    dag.measures[dag.ixOf.get(id)!]!.map((path) => JSON.stringify(path));
  const tell = (event: RunEvent): void => happen(reference, event, dag.taskIds, measures);
  tell({ kind: "runStarted", at: 0 });
  for (const [at, change] of changes.entries()) {
    for (const event of eventsOf(change, changes.slice(at + 1))) tell({ ...event, at: at * farMs });
  }
  const states = new Map(changes.map(({ after }) => [`${after.ix}/${after.map_ix}`, after.state]));
  compare(dag, run, reference, states);
}

function compare(
  dag: CompiledDag,
  run: RunRow,
  reference: Reference,
  states: ReadonlyMap<string, number>,
): void {
  for (const one of allInstances(reference)) {
    const ix = dag.ixOf.get(one.taskId) ?? -1;
    const is = taskStateName((states.get(`${ix}/${one.mapIx}`) ?? 1) as TaskState);
    ensure(
      is === one.state,
      "S8",
      () =>
        `run ${run.id} task ${one.taskId}[${one.mapIx}] ended as ${is}; by the tables it is ${one.state}`,
    );
  }
  const end = run.state === 3 ? "success" : "failed";
  ensure(
    reference.run === end,
    "S8",
    () => `run ${run.id} is ${end}; by the tables it is ${reference.run}`,
  );
}

/** Longer than any wait of a task. */
const farMs = 1e9;

/** Only how it ended counts: whether the body went on with it, and what a timeout came to. */
function deferralOf(after: InstanceRow, later: readonly InstanceChange[]) {
  const next = later.find(
    (change) => change.after.ix === after.ix && change.after.map_ix === after.map_ix,
  );
  return {
    kind: after.state === 14 ? ("input" as const) : ("token" as const),
    ...{
      since: 0,
      until: null,
      timeoutAt: 0,
      heartbeatMs: null,
      handler: null,
      external: null,
      summary: "",
    },
    ...{ onTimeout: "skip" as const, assignees: [], resumes: next?.after.state === 2 },
  };
}

type OnAttempt = { ix: number; mapIx: number; attempt: number; at: number };

function endOfWait({ state, out, lengths }: InstanceRow, ref: OnAttempt): RunEvent | null {
  if (state === 2 || state === 6)
    return { kind: "waitFulfilled", ...ref, hasValue: out !== null, lengths: lengths ?? [] };
  if (state === 7 || state === 11)
    return { kind: "waitFailed", ...ref, failure: failure(state === 11) };
  return state === 8 ? { kind: "waitTimedOut", ...ref } : null;
}

/** A wait that is over is not written by itself when its grant follows at once. */
function eventsOf(change: InstanceChange, later: readonly InstanceChange[]): RunEvent[] {
  const { before, after } = change;
  const { ix, map_ix: mapIx } = after;
  const isOverdue = after.state === 4 && (before?.state === 11 || before?.state === 12);
  const due = isOverdue
    ? [{ kind: "waitDue" as const, ix, mapIx, attempt: before?.attempt ?? 0, at: 0 }]
    : [];
  const event = eventOf(change, later);
  return event === null ? due : [...due, event];
}

/** What a task has failed of whose function did not say whether the past matters. */
const undecided = "decides whether the past matters";

/** What happened, from what was written of it; null for what followed from something else. */
function eventOf(
  { before, after }: InstanceChange,
  later: readonly InstanceChange[],
): RunEvent | null {
  const { ix, map_ix: mapIx, attempt, state } = after;
  const ref = { ix, mapIx, attempt, at: 0 };
  const from = before?.state ?? 1;
  if (state === 7 && after.failure?.includes(undecided) === true)
    return { kind: "pastUndecided", taskIx: ix, failure: failure(false), at: 0 };
  if (state === 4) return { kind: "taskGranted", ix, mapIx, at: 0 };
  // Never granted, or cleared: it got its state from others.
  if (attempt === 0 || from === 1) return null;
  if (state === 13 || state === 14)
    return { kind: "taskDeferred", ...ref, deferral: deferralOf(after, later) };
  if (from === 13 || from === 14) return endOfWait(after, ref);
  const isLost = after.losses > (before?.losses ?? 0);
  switch (state) {
    case 2:
      if (from === 4) return { kind: isLost ? "leaseLost" : "taskReturned", ...ref };
      return { kind: "waitDue", ...ref };
    case 6:
      return {
        kind: "taskSucceeded",
        ...ref,
        hasValue: after.out !== null,
        lengths: after.lengths ?? [],
        choice: after.choice,
      };
    case 7:
    case 11:
      if (isLost) return { kind: "leaseLost", ...ref };
      return { kind: "taskFailed", ...ref, failure: failure(state === 11) };
    case 8:
      // Where it followed from others it is so already, and this says nothing.
      return { kind: "taskSkipped", ...ref };
    case 12:
      return { kind: "taskRescheduled", ...ref, until: 0 };
    default:
      return null;
  }
}
