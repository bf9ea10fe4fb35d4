/** Plays events to the engine and to the reference side by side, and compares after every one of them. */

import type { CompiledDag } from "../../graph/graph.ts";
import { compileDag } from "../../graph/graph.ts";
import { eachInstance, instanceState } from "../../run/instances.ts";
import { cellCount } from "../../run/lengths.ts";
import type {
  Change,
  Effects,
  InstanceRef,
  Run,
  RunEvent,
  RunInputs,
  Timer,
  Verdict,
} from "../../run/run.ts";
import { createRun } from "../../run/create-run.ts";
import { clearEffects, newEffects } from "../../run/run.ts";
import type { DagSpec } from "../../spec/spec.ts";
import { RunState, runStateName, TaskState, taskStateName } from "../../spec/states.ts";
import type { Tallies } from "../../run/run-data.ts";
import { recount, rowWidth } from "../../run/tallies.ts";
import { transition } from "../../events/transition.ts";
import { deferralIn, leavesValue } from "../rows.ts";
import { graphOf } from "./graph.ts";
import { happen } from "./happen.ts";
import type { Instance, World } from "./world.ts";
import { allInstances, newWorld } from "./world.ts";

export type Row = Change & { startedAt: number; hasValue: boolean };
export type Attempt = InstanceRef & { readonly attempt: number };

/** What `params.p0` … `params.p3` are to the runs that are played: the last is no list. */
const paramLengths: Readonly<Record<string, number>> = { p0: 2, p1: 0, p2: 3 };
export const inputs: RunInputs = {
  logicalDate: null,
  lengthOf: ([, name]) => paramLengths[String(name)] ?? null,
};

export class Play {
  readonly dag: CompiledDag;
  readonly world: World;
  run: Run;
  readonly effects: Effects = newEffects();
  readonly rows = new Map<string, Row>();
  readonly expansions = new Map<number, number>();
  readonly timers: Timer[] = [];
  readonly attempts: Attempt[] = [];
  readonly history: RunEvent[] = [];
  cancelRequestedAt: number | null = null;
  now = 0;

  constructor(spec: DagSpec) {
    this.dag = compileDag(spec);
    this.world = newWorld(graphOf(spec, this.dag.taskIds), inputs);
    this.run = createRun(this.dag, inputs);
  }

  send(event: RunEvent): Verdict {
    const { run, world, effects, dag } = this;
    clearEffects(effects);
    const verdict = transition(run, event, effects);
    this.history.push(event);
    this.#remember(event, verdict);
    happen(world, event, dag.taskIds, (id) =>
      dag.measures[dag.ixOf.get(id)!]!.map((path) => JSON.stringify(path)),
    );
    this.compare();
    return verdict;
  }

  compare(): void {
    const { run, world } = this;
    const states = { ...statesOfWorld(world), run: world.run };
    expectSame("states", { ...statesOfRun(run), run: runStateName(run.state) }, states);
  }

  refs(...states: TaskState[]): InstanceRef[] {
    const found: InstanceRef[] = [];
    eachInstance(this.run, (slot, ix, mapIx) => {
      if (states.includes(this.run.instances.state[slot] as TaskState)) found.push({ ix, mapIx });
    });
    return found;
  }

  rowOf(ref: InstanceRef): Row | undefined {
    return this.rows.get(keyOf(ref));
  }

  stateOf({ ix, mapIx }: InstanceRef): TaskState {
    return instanceState(this.run, ix, mapIx);
  }

  #remember(event: RunEvent, verdict: Verdict): void {
    const { effects } = this;
    if (event.kind === "cancelRequested" && verdict.kind === "OK")
      this.cancelRequestedAt = event.at;
    if (effects.run?.state === RunState.queued) this.cancelRequestedAt = null;
    for (const change of effects.changes) {
      const key = keyOf(change);
      const before = this.rows.get(key);
      const startedAt = change.state === TaskState.running ? this.now : (before?.startedAt ?? 0);
      const hasValue =
        change.state === TaskState.success && (leavesValue(event) ?? before?.hasValue ?? false);
      const deferral = deferralIn(change, before);
      this.rows.set(key, { ...change, startedAt, hasValue, deferral });
    }
    for (const { ix, count } of effects.expanded) this.expansions.set(ix, count);
    this.timers.push(...effects.timers);
    if (event.kind === "taskGranted" && verdict.kind === "OK") {
      const row = this.rows.get(keyOf(event))!;
      this.attempts.push({ ix: event.ix, mapIx: event.mapIx, attempt: row.attempt });
    }
  }
}

export function keyOf({ ix, mapIx }: InstanceRef): string {
  return `${ix}/${mapIx}`;
}

/** `attempt` and what of it counts stand beside the state, because fences and retries hang on them. */
export function statesOfRun(run: Run): Record<string, string> {
  const { instances, dag } = run;
  const found: Record<string, string> = {};
  eachInstance(run, (slot, ix, mapIx) => {
    const state = taskStateName(instances.state[slot] as TaskState);
    found[`${dag.taskIds[ix]}[${mapIx}]`] =
      `${state} ${instances.attempt[slot]}-${instances.uncounted[slot]}`;
  });
  return found;
}

function statesOfWorld(world: World): Record<string, string> {
  return Object.fromEntries(
    allInstances(world).map((one: Instance) => [
      `${one.taskId}[${one.mapIx}]`,
      `${one.state} ${one.attempt}-${one.uncounted}`,
    ]),
  );
}

/** The kept counters are those that counting from scratch gives. */
export function expectCounted(run: Run): void {
  const { counts, tallies } = recount(run);
  expectSame("counts", byIndex(run.counts), byIndex(counts));
  expectSame("shared counters", byIndex(run.tallies.shared), byIndex(tallies.shared));
  expectSame("open", byIndex(run.tallies.open), byIndex(tallies.open));
  for (const ix of run.dag.tasks.keys())
    expectSame(`counters of task ${ix}`, ownRows(run, run.tallies, ix), ownRows(run, tallies, ix));
}

/** Says only what differs: a run may have hundreds of instances. */
export function expectSame(
  what: string,
  is: Readonly<Record<string, unknown>>,
  shouldBe: Readonly<Record<string, unknown>>,
): void {
  const keys = new Set([...Object.keys(is), ...Object.keys(shouldBe)]);
  const wrong = [...keys].filter((key) => is[key] !== shouldBe[key]);
  if (wrong.length === 0) return;
  const lines = wrong.map(
    (key) => `  ${key}: ${String(is[key])}, should be ${String(shouldBe[key])}`,
  );
  throw new Error(`${what} differ:\n${lines.join("\n")}`);
}

function ownRows(run: Run, { own, ownAt }: Tallies, ix: number): Record<string, number> {
  const start = ownAt[ix]!;
  const size = cellCount(run, ix) * rowWidth(run.dag, ix);
  return start < 0 ? {} : byIndex(own.subarray(start, start + size));
}

export function byIndex(numbers: Int32Array): Record<string, number> {
  return Object.fromEntries(numbers.entries());
}
