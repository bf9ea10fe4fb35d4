/** What is derived of rows is what the engine that wrote them has in memory. */

import type { MappedTask } from "@millrace/db";
import {
  compileDag,
  createRun,
  eachInstance,
  instanceState,
  newEffects,
  RunState,
  TaskState,
  transition,
  triggerRules,
  type Change,
  type CompiledDag,
  type InstanceRef,
  type Run,
  type RunEvent,
} from "@millrace/engine";
import { aDagSpec, aTask } from "@millrace/engine/testing";
import fc from "fast-check";
import { test } from "vitest";
import { isMappedTask, matesOf, runStatesOf } from "./task-instances.ts";

type Rows = {
  readonly changes: Map<string, Change>;
  readonly lengths: Map<number, number>;
};

const ruleOf = fc.constantFrom(...triggerRules.filter((rule) => rule !== "all_done_setup_success"));
const size = 6;

const dagOf = fc
  .record({
    rules: fc.array(ruleOf, { minLength: size, maxLength: size }),
    /** Of each task: how many instances; 0 when it is not mapped. */
    lengths: fc.array(fc.constantFrom(0, 0, 0, 2, 3), { minLength: size, maxLength: size }),
    isGrouped: fc.array(fc.boolean(), { minLength: size, maxLength: size }),
    arrows: fc.array(fc.boolean(), { minLength: size * size, maxLength: size * size }),
    isPlain: fc.boolean(),
  })
  .map(({ rules, lengths, isGrouped, arrows, isPlain }) => {
    const ids = [...rules.keys()].map((ix) => `t${ix}`);
    const tasks = ids.map((id, ix) =>
      aTask(id, {
        triggerRule: isPlain ? "all_success" : rules[ix]!,
        groupId: isGrouped[ix] ? "g" : null,
        each:
          isGrouped[ix] || lengths[ix] === 0
            ? []
            : [{ sources: [JSON.stringify(Array.from({ length: lengths[ix]! }, () => 1))] }],
      }),
    );
    const edges = ids.flatMap((from, a) =>
      ids.flatMap((to, b) => (a < b && arrows[a * size + b] ? [{ from, to, label: "" }] : [])),
    );
    const groups = [{ id: "g", parentId: null, tooltip: "", each: [{ sources: ["[1,2]"] }] }];
    return compileDag({ ...aDagSpec({ tasks: {} }), tasks, edges, groups });
  });

test("whatever happens in a run, its states follow from its rows", () => {
  fc.assert(
    fc.property(dagOf, fc.array(fc.nat(), { maxLength: 60 }), (dag, choices) => {
      const run = createRun(dag);
      const rows: Rows = { changes: new Map(), lengths: new Map() };
      happen(run, rows, { kind: "runStarted", at: 0 });
      for (const choice of choices) {
        const event = nextEvent(run, choice);
        if (event === null) break;
        happen(run, rows, event);
        compare(run, rows);
      }
    }),
    { numRuns: 100 },
  );
});

function happen(run: Run, { changes, lengths }: Rows, event: RunEvent): void {
  const effects = newEffects();
  transition(run, event, effects);
  for (const change of effects.changes) changes.set(`${change.ix} ${change.mapIx}`, change);
  for (const { ix, count } of effects.expanded) lengths.set(ix, count);
}

function nextEvent(run: Run, choice: number): RunEvent | null {
  const open: { ref: InstanceRef; state: TaskState; slot: number }[] = [];
  eachInstance(run, (slot, ix, mapIx) => {
    const state = instanceState(run, ix, mapIx);
    if (state === TaskState.scheduled || state === TaskState.running)
      open.push({ ref: { ix, mapIx }, state, slot });
  });
  const picked = open[choice % Math.max(1, open.length)];
  if (picked === undefined) return null;
  const { ref, state, slot } = picked;
  if (state === TaskState.scheduled) return { kind: "taskGranted", ...ref, at: 1 };
  const on = { ...ref, attempt: run.instances.attempt[slot]!, at: 2 };
  const outcome = Math.floor(choice / 7) % 4;
  if (outcome === 0) return { kind: "taskSkipped", ...on };
  if (outcome > 1)
    return { kind: "taskSucceeded", ...on, hasValue: true, lengths: [], choice: null };
  const failure = { kind: "application", type: "", message: "", stack: "" } as const;
  return {
    kind: "taskFailed",
    ...on,
    failure: { ...failure, retryable: false, retryAfterMs: null },
  };
}

function compare(run: Run, { changes, lengths }: Rows): void {
  const { dag } = run;
  if (run.state !== RunState.running) return;
  const whole = [...changes.values()].filter(({ mapIx }) => mapIx === -1);
  const derived = runStatesOf(dag, {
    states: { ixs: whole.map(({ ix }) => ix), states: whole.map(({ state }) => state) },
    mapped: [...lengths].map(([ix, length]) => summaryOf(ix, length, changes)),
    runState: run.state,
  });
  for (const ix of dag.tasks.keys()) {
    const expected = countsOf(run, dag, ix);
    const found = derived.mapped.get(ix)?.counts ?? onlyOne(derived.states[ix]!);
    if (String([...found]) === String(expected)) continue;
    throw new Error(`${dag.taskIds[ix]} is ${expected.join()} and derived as ${found.join()}`);
  }
}

function summaryOf(ix: number, length: number, changes: Rows["changes"]): MappedTask {
  const counts = new Map<TaskState, number>();
  let known = 0;
  for (const { ix: of, mapIx, state } of changes.values()) {
    if (of !== ix || mapIx < 0) continue;
    counts.set(state, (counts.get(state) ?? 0) + 1);
    known += 1;
  }
  return { ix, length, counts, rowless: length - known, startedAt: null, endedAt: null };
}

/** Of tasks in a mapped group that wait for each other by index, who is ready is told instance by instance only. */
function countsOf(run: Run, dag: CompiledDag, ix: number): number[] {
  const isOpen = isMappedTask(dag, ix) && matesOf(dag, ix).length > 0;
  const counts = Array.from({ length: 15 }, () => 0);
  eachInstance(run, (_, of, mapIx) => {
    if (of !== ix) return;
    const state = instanceState(run, ix, mapIx);
    counts[isOpen && state === TaskState.scheduled ? TaskState.none : state]! += 1;
  });
  return counts;
}

function onlyOne(state: number): number[] {
  return Array.from({ length: 15 }, (_, at) => (at === state ? 1 : 0));
}
