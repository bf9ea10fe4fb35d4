/** For tests: a run that is told what happens by task id, and that is checked after every event. */

import { expect } from "vitest";
import type { CompiledDag } from "../graph/graph.ts";
import { eachInstance, gone, instanceFlags as flags, slotOf, stateAt } from "../run/instances.ts";
import { restoreRun } from "../restore/restore.ts";
import type {
  Change,
  Deferral,
  Effects,
  Failure,
  InstanceRef,
  Run,
  RunEvent,
  RunInputs,
  TaskRow,
  Verdict,
} from "../run/run.ts";
import { createRun, noInputs } from "../run/create-run.ts";
import { clearEffects, isRunFinal, newEffects } from "../run/run.ts";
import type { DagSpec } from "../spec/spec.ts";
import { isFinal, RunState, runStateName, TaskState } from "../spec/states.ts";
import { recount } from "../run/tallies.ts";
import type { DagShape } from "../testing.ts";
import { aDag, aDeferral, aFailure, statesOf } from "../testing.ts";
import { transition } from "../events/transition.ts";
import { deferralOf } from "../run/waits.ts";
import { deferralIn, leavesValue } from "./rows.ts";

type Success = Partial<Extract<RunEvent, { kind: "taskSucceeded" }>>;
type WaitEvent = Extract<
  RunEvent,
  { kind: "waitFulfilled" | "waitFailed" | "waitSkipped" | "waitBeat" | "waitTimedOut" | "waitDue" }
>;
type Row = Change & { readonly hasValue: boolean };

export class ToldRun {
  readonly dag: CompiledDag;
  readonly run: Run;
  readonly effects: Effects = newEffects();
  /** The newest change of each instance: its row. */
  readonly rows = new Map<string, Row>();
  readonly expansions = new Map<number, number>();
  cancelRequestedAt: number | null = null;
  /** What the run's row says. */
  runFailure: Failure | null = null;
  at = 1000;
  #rowsBefore: ReadonlyMap<string, Row> = new Map();
  #rowsOfEvent: Row[] = [];
  #runBefore: Pick<Run, "state" | "startedAt"> = { state: RunState.queued, startedAt: null };

  constructor(dag: CompiledDag, inputs: RunInputs = noInputs) {
    this.dag = dag;
    this.run = createRun(dag, inputs);
  }

  send(event: RunEvent): Verdict {
    clearEffects(this.effects);
    this.#runBefore = { state: this.run.state, startedAt: this.run.startedAt };
    const verdict = transition(this.run, event, this.effects);
    this.#remember(event, verdict);
    checkCounted(this.run);
    checkEnd(this.run);
    this.checkRestored();
    return verdict;
  }

  start(): Verdict {
    return this.send({ kind: "runStarted", at: this.at });
  }

  grant(id: string, mapIx = -1): Verdict {
    return this.send({ kind: "taskGranted", ...this.ref(id, mapIx), at: this.at });
  }

  succeed(id: string, mapIx = -1, about: Success = {}): Verdict {
    const result = { hasValue: true, lengths: [], choice: null, ...about };
    return this.send({ kind: "taskSucceeded", ...this.about(id, mapIx), ...result });
  }

  fail(id: string, mapIx = -1, failure: Partial<Failure> = {}): Verdict {
    return this.send({
      kind: "taskFailed",
      ...this.about(id, mapIx),
      failure: aFailure(failure),
    });
  }

  skip(id: string, mapIx = -1): Verdict {
    return this.send({ kind: "taskSkipped", ...this.about(id, mapIx) });
  }

  /** Its body gives the slot back; granted first when it does not run. */
  defer(name: string, deferral: Partial<Deferral> = {}): Verdict {
    const { ix, mapIx } = this.named(name);
    const id = this.dag.taskIds[ix]!;
    if (stateAt(this.run, slotOf(this.run, ix, mapIx)) !== TaskState.running) this.grant(id, mapIx);
    const about = this.about(id, mapIx);
    const since = this.at;
    return this.send({
      kind: "taskDeferred",
      ...about,
      deferral: aDeferral({ since, ...deferral }),
    });
  }

  /** Something is said about the wait of its newest attempt, or of the given one. */
  wait(kind: WaitEvent["kind"], name: string, about: Partial<WaitEvent> = {}): Verdict {
    const { ix, mapIx } = this.named(name);
    const event = { kind, ...this.about(this.dag.taskIds[ix]!, mapIx), failure: aFailure() };
    return this.send({ ...event, hasValue: true, lengths: [], ...about });
  }

  /** Grants it first; tasks that are not mapped may be given as a list of ids. */
  finish(ids: string, mapIx = -1, about: Success = {}): void {
    for (const id of ids.split(" ")) {
      this.grant(id, mapIx);
      this.succeed(id, mapIx, about);
    }
  }

  clear(...names: string[]): Verdict {
    return this.send({ kind: "cleared", refs: names.map((name) => this.named(name)), at: this.at });
  }

  mark(state: "success" | "failed" | "skipped", ...names: string[]): Verdict {
    const refs = names.map((name) => this.named(name));
    return this.send({ kind: "marked", refs, state: TaskState[state], at: this.at });
  }

  markRun(state: "success" | "failed"): Verdict {
    return this.send({ kind: "runMarked", state: RunState[state], at: this.at });
  }

  ref(id: string, mapIx = -1) {
    return { ix: this.dag.ixOf.get(id) ?? -1, mapIx };
  }

  /** "load", or "load[3]". */
  named(name: string) {
    const [id = "", index] = name.split(/[[\]]/);
    return this.ref(id, index === undefined ? -1 : Number(index));
  }

  about(id: string, mapIx = -1) {
    const { ix } = this.ref(id);
    const slot = slotOf(this.run, ix, mapIx);
    const attempt = this.run.instances.attempt[slot] ?? 0;
    return { ix, mapIx, attempt, at: this.at };
  }

  /** States by name, of the given tasks or all. */
  states(...ids: string[]): Record<string, string> {
    const all = Object.entries(statesOf(this.run));
    return Object.fromEntries(
      all.filter(([name]) => ids.length === 0 || ids.includes(name.split("[")[0] ?? "")),
    );
  }

  /** States of one task: one word where all of its instances have the same. */
  state(id: string): string {
    return [...new Set(Object.values(this.states(id)))].join(" ");
  }

  runState(): string {
    return runStateName(this.run.state);
  }

  /** What became ready with the last event: "load", or "load[0-3]". */
  ready(): string[] {
    return this.effects.ready.map(({ ix, from, to }) => {
      const id = this.dag.taskIds[ix]!;
      return from < 0 ? id : `${id}[${from}-${to}]`;
    });
  }

  /** Takes the run over from its rows: it comes to the same, and nothing is left to write. */
  checkRestored(): void {
    const { run, effects } = this.restored();
    expect(effects.changes).toEqual([]);
    expect(effects.expanded).toEqual([]);
    this.#fireOverdue(run, effects);
    expect(plain(run)).toEqual(plain(this.run));
    checkCounted(run);
  }

  restored(): { run: Run; effects: Effects } {
    return this.#restore([...this.rows.values()], this.run);
  }

  /**
   * Takes the run over where only the first rows of the last event were written: in the order in which they are written, a
   * run that is opened again and expansions first, what else becomes of the run last.
   */
  checkCut(written: number): void {
    const rows = new Map(this.#rowsBefore);
    for (const row of this.#rowsOfEvent.slice(0, written)) rows.set(keyOf(row), row);
    const isOpened = this.effects.run?.state === RunState.queued;
    const { run } = this.#restore([...rows.values()], isOpened ? this.run : this.#runBefore);
    checkCounted(run);
    checkEnd(run);
  }

  #restore(
    rows: readonly Row[],
    { state, startedAt }: Pick<Run, "state" | "startedAt">,
  ): { run: Run; effects: Effects } {
    const effects = newEffects();
    const taskRows = rows.map((row): TaskRow => ({ ...row, startedAt: null }));
    const row = {
      ...{ state, startedAt, now: this.at, cancelRequestedAt: this.cancelRequestedAt },
      isMarkedFailed: state === RunState.running && this.runFailure !== null,
      expansions: Array.from(this.expansions, ([ix, count]) => ({ ix, count })),
    };
    return { run: restoreRun(this.dag, this.run.facts, row, taskRows, effects), effects };
  }

  /** A wait that is over has no row of its own. */
  #fireOverdue(restored: Run, { timers }: Effects): void {
    for (const { kind, ix, mapIx, attempt } of timers) {
      const isOver = stateAt(this.run, slotOf(this.run, ix, mapIx)) === TaskState.scheduled;
      if (kind === "waitDue" && isOver)
        transition(restored, { kind, ix, mapIx, attempt, at: this.at }, newEffects());
    }
  }

  #remember(event: RunEvent, verdict: Verdict): void {
    const { effects, rows } = this;
    if (event.kind === "cancelRequested" && verdict.kind === "OK")
      this.cancelRequestedAt = event.at;
    if (effects.run) this.runFailure = effects.run.failure;
    if (effects.run?.state === RunState.queued) this.cancelRequestedAt = null;
    this.#rowsOfEvent = effects.changes.map((change) => {
      const hasValue = change.state === TaskState.success && (leavesValue(event) ?? false);
      return { ...change, hasValue, deferral: deferralIn(change, rows.get(keyOf(change))) };
    });
    if (effects.changes.length > 1) this.#rowsBefore = new Map(rows);
    for (const row of this.#rowsOfEvent) rows.set(keyOf(row), row);
    for (const { ix, count } of effects.expanded) this.expansions.set(ix, count);
  }
}

function keyOf({ ix, mapIx }: InstanceRef): string {
  return `${ix}/${mapIx}`;
}

/** A started run of the given shape. */
export function toldRun(
  shape: DagShape,
  options: Omit<Partial<DagSpec>, "inputs"> & { readonly inputs?: RunInputs } = {},
): ToldRun {
  const { inputs, ...dag } = options;
  const told = new ToldRun(aDag(shape, dag), inputs);
  told.start();
  return told;
}

/** The kept counters are those that counting from scratch gives. */
export function checkCounted(run: Run): void {
  const { counts, tallies } = recount(run);
  expect([...run.counts].slice(1)).toEqual([...counts].slice(1));
  const { shared, open, idle, isStale } = run.tallies;
  expect(isStale).toBe(false);
  expect(run.agenda.heap).toEqual([]);
  expect(shared).toEqual(tallies.shared);
  expect(open).toEqual(tallies.open);
  expect(idle).toEqual(tallies.idle);
  expect(ownRows(run, run.tallies)).toEqual(ownRows(run, tallies));
}

/** Where the rows of a task begin is nobody's business. */
function ownRows({ dag }: Run, { own, ownAt, ownSize }: Run["tallies"]): Record<string, number[]> {
  const starts = [...ownAt.values()].filter((start) => start >= 0).sort((a, b) => a - b);
  return Object.fromEntries(
    dag.taskIds.flatMap((id, ix) => {
      const start = ownAt[ix]!;
      const end = starts.find((other) => other > start) ?? ownSize;
      return start < 0 ? [] : [[id, [...own.subarray(start, end)]]];
    }),
  );
}

/** A run is final exactly when its instances are, and while it is not, something is on its way. */
function checkEnd(run: Run): void {
  let isOpen = false;
  let isActive = false;
  eachInstance(run, (slot) => {
    const state = stateAt(run, slot);
    isOpen ||= !isFinal(state);
    isActive ||= !isFinal(state) && state !== TaskState.none;
  });
  if (isRunFinal(run)) expect(isOpen).toBe(false);
  if (run.state === RunState.running) expect(isActive).toBe(true);
}

/**
 * How often mapped groups are there, where a task that is in nothing else tells. Of groups with nothing but other groups
 * in them a take-over knows only the product while their sources run again.
 */
function cellsOf({ dag, lengths, instances }: Run): (number | null)[] {
  const { frameTasks, frameOf, ownUnit } = dag.mapping;
  return frameTasks.map((tasks, frame) => {
    const tells = (ix: number): boolean =>
      frameOf[ix] === frame && ownUnit[ix]! < 0 && instances.state[ix] === gone;
    return tasks.some(tells) ? lengths.cells[frame]! : null;
  });
}

/** What a take-over must find again. That an attempt was lost and waits is known from rows only while no try is spent. */
function plain(run: Run): Record<string, unknown> {
  const { state, attempt, uncounted, losses, flags: bits } = run.instances;
  const found: Record<string, unknown> = {};
  eachInstance(run, (slot, ix, mapIx) => {
    const isLostWait = state[slot] === TaskState.up_for_retry && attempt[slot] !== uncounted[slot];
    const known =
      flags.hasRow | flags.hasValue | flags.isCleared | flags.isCounted | flags.wasReady;
    const mask = isLostWait ? known : known | flags.isSettled;
    found[`${run.dag.taskIds[ix]}[${mapIx}]`] = [
      ...[state[slot], attempt[slot], uncounted[slot], losses[slot]],
      bits[slot]! & mask,
      deferralOf(run, { ix, mapIx }),
    ];
  });
  return {
    ...found,
    run: run.state,
    choices: new Map([...run.choices].filter(([, chosen]) => chosen.size > 0)),
    measured: run.lengths.measured,
    cells: cellsOf(run),
  };
}
