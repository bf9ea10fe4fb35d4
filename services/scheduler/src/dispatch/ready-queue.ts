/**
 * Task instances that may run as far as their runs are concerned, in lines by queue and handler. Within a line DAGs take
 * turns; within a DAG the highest priority goes first, then the oldest, then the lowest index. What a limit holds is parked
 * whole and costs nothing until the limit frees: a run, a DAG, the tasks of a DAG behind a gate of their own, or everything
 * of a line behind one gate (a pool, a rate). The instances of a mapped task that became ready together are one entry,
 * however many they are.
 */

import { createHeap, type Heap } from "./heap.ts";

/** What the queue needs to know of a run; compared by identity. */
export type QueuedRun = { readonly key: number; readonly dagId: string };

export type LineKey = {
  readonly queue: string;
  /** Null for tasks of bundles. */ readonly handler: string | null;
};

/** A limit that tasks share; compared by identity. It is asked whenever something behind it could be taken. */
export type Gate = {
  /** How many of the tasks behind it may start now; Infinity for any number. */
  room(): number;
};

/** Where tasks wait. */
export type Place = LineKey & {
  /** What tasks of several DAGs share: a pool, a rate. */
  readonly gate?: Gate | null;
  /** What tasks of one DAG share: how many instances of a task may be active. `wake` says when it opens. */
  readonly ownGate?: Gate | null;
};

/** Instances of a task: map indexes from `from` up to, without, `to`. Of one that is not mapped: -1 to 0. */
export type ReadyTasks = {
  readonly ix: number;
  readonly from: number;
  readonly to: number;
  readonly priority: number;
  readonly readyAt: number;
};

export type ReadyTask = Pick<ReadyTasks, "ix" | "priority" | "readyAt"> & {
  readonly mapIx: number;
};

export type ReadyQueue<R extends QueuedRun> = {
  add(run: R, place: Place, tasks: ReadyTasks): void;
  /** Removes and answers the next task of a line that nothing here holds back; null when there is none. */
  take(line: Line<R>): { readonly run: R; readonly task: ReadyTask } | null;
  /** Lines that ever had a task. */
  lines(): Iterable<Line<R>>;
  hasWork(line: Line<R>): boolean;
  /** Instances in a line that are not held, counting at most `roomOf(run)` of each run, and `max` in all. */
  count(line: Line<R>, roomOf: (run: R) => number, max: number): number;
  /** Whether anything waits behind gates that DAGs share. */
  hasGates(): boolean;
  /** The same for everything behind a gate, whether it is open or not, by gate. */
  gated(roomOf: (run: R) => number, max: number): Map<Gate, number>;
  /** Parks a run, or ends that. Parking says nothing about the run's other limits. */
  setRunParked(run: R, isParked: boolean): void;
  setDagParked(dagId: string, isParked: boolean): void;
  /** A gate of this DAG's own has opened. */
  wake(dagId: string): void;
  /** Forgets a run and its tasks. */
  remove(run: R): void;
};

export type Line<R extends QueuedRun> = LineKey & {
  /** By gate, those without one under null. */
  readonly lanes: Map<Gate | null, Lane<R>>;
  /** When DAGs were last served, in turns of the line. */
  readonly served: Map<string, number>;
  turn: number;
};

type Lane<R extends QueuedRun> = {
  readonly gate: Gate | null;
  /** DAGs with work, in the order of their turns. */
  readonly turns: DagLine<R>[];
  readonly dags: Map<string, DagLine<R>>;
};

type DagLine<R extends QueuedRun> = {
  readonly dagId: string;
  /** By the gate of their own that holds them, those without one under null. */
  readonly classes: Map<Gate | null, TaskClass<R>>;
  hasTurn: boolean;
  /** The turn of the line in which it took its place among the turns. */
  turnAt: number;
};

type TaskClass<R extends QueuedRun> = {
  readonly gate: Gate | null;
  readonly runs: Map<R, RunLine<R>>;
  /** Runs by their first task; entries whose stamp is old are skipped. */
  readonly order: Heap<RunEntry<R>>;
};

type RunLine<R extends QueuedRun> = {
  readonly run: R;
  readonly spans: Heap<Span>;
  /** Instances in all spans. */
  waiting: number;
  stamp: number;
};

/** What is left of instances that became ready together. */
type Span = { -readonly [Field in keyof ReadyTasks]: ReadyTasks[Field] };

type RunEntry<R extends QueuedRun> = Pick<ReadyTasks, "priority" | "readyAt" | "ix"> & {
  readonly line: RunLine<R>;
  readonly stamp: number;
};

/** Where a run has tasks. */
type Spot<R extends QueuedRun> = {
  readonly line: Line<R>;
  readonly lane: Lane<R>;
  readonly dag: DagLine<R>;
  readonly tasks: TaskClass<R>;
};

function goesFirst(a: Span, b: Span): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority;
  if (a.readyAt !== b.readyAt) return a.readyAt < b.readyAt;
  return a.ix === b.ix ? a.from < b.from : a.ix < b.ix;
}

function runGoesFirst(a: RunEntry<QueuedRun>, b: RunEntry<QueuedRun>): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority;
  if (a.readyAt !== b.readyAt) return a.readyAt < b.readyAt;
  return a.ix === b.ix ? a.line.run.key < b.line.run.key : a.ix < b.ix;
}

function isOpen(gate: Gate | null): boolean {
  return gate === null || gate.room() > 0;
}

export function createReadyQueue<R extends QueuedRun>(): ReadyQueue<R> {
  const lines = new Map<string, Line<R>>();
  const spotsOfRun = new Map<R, Set<Spot<R>>>();
  const parkedRuns = new Set<R>();
  const parkedDags = new Set<string>();

  function lineOf({ queue, handler }: LineKey): Line<R> {
    const name = handler === null ? queue : `${queue} ${handler}`;
    let line = lines.get(name);
    if (line === undefined) {
      line = { queue, handler, lanes: new Map(), served: new Map(), turn: 0 };
      lines.set(name, line);
    }
    return line;
  }

  function spotOf(run: R, place: Place): Spot<R> {
    const line = lineOf(place);
    const { gate = null, ownGate = null } = place;
    let lane = line.lanes.get(gate);
    if (lane === undefined) {
      lane = { gate, turns: [], dags: new Map() };
      line.lanes.set(gate, lane);
    }
    let dag = lane.dags.get(run.dagId);
    if (dag === undefined) {
      dag = { dagId: run.dagId, classes: new Map(), hasTurn: false, turnAt: 0 };
      lane.dags.set(run.dagId, dag);
    }
    let tasks = dag.classes.get(ownGate);
    if (tasks === undefined) {
      tasks = { gate: ownGate, runs: new Map(), order: createHeap<RunEntry<R>>(runGoesFirst) };
      dag.classes.set(ownGate, tasks);
    }
    return { line, lane, dag, tasks };
  }

  /** Gives a run its place by its first task, and its DAG a turn, unless either is parked. */
  function place({ line, lane, dag, tasks }: Spot<R>, runLine: RunLine<R>): void {
    runLine.stamp += 1;
    const first = runLine.spans.peek();
    if (first === undefined || parkedRuns.has(runLine.run)) return;
    const { priority, readyAt, ix } = first;
    tasks.order.push({ priority, readyAt, ix, line: runLine, stamp: runLine.stamp });
    giveTurn(line, lane, dag);
  }

  function giveTurn(line: Line<R>, lane: Lane<R>, dag: DagLine<R>): void {
    if (dag.hasTurn || parkedDags.has(dag.dagId)) return;
    dag.hasTurn = true;
    dag.turnAt = line.turn += 1;
    lane.turns.push(dag);
  }

  function firstOfClass(tasks: TaskClass<R>): RunEntry<R> | null {
    for (let entry = tasks.order.peek(); entry !== undefined; entry = tasks.order.peek()) {
      if (entry.stamp === entry.line.stamp) return entry;
      tasks.order.pop();
    }
    return null;
  }

  type First = { readonly tasks: TaskClass<R>; readonly entry: RunEntry<R> };

  function firstOfDag(dag: DagLine<R>): First | null {
    let first: First | null = null;
    for (const tasks of dag.classes.values()) {
      const entry = firstOfClass(tasks);
      if (entry === null || !isOpen(tasks.gate)) continue;
      if (first === null || runGoesFirst(entry, first.entry)) first = { tasks, entry };
    }
    return first;
  }

  type Turn = First & { readonly lane: Lane<R>; readonly dag: DagLine<R> };

  /**
   * Drops turns of DAGs that are parked or have nothing to start, up to the first that has. A DAG that was served through
   * another lane since it took its place goes to the end.
   */
  function firstOfLane(line: Line<R>, lane: Lane<R>): Turn | null {
    for (let dag = lane.turns[0]; dag !== undefined; dag = lane.turns[0]) {
      const first = parkedDags.has(dag.dagId) ? null : firstOfDag(dag);
      if (first === null) {
        dropTurn(lane, dag);
        continue;
      }
      if ((line.served.get(dag.dagId) ?? 0) <= dag.turnAt) return { ...first, lane, dag };
      lane.turns.shift();
      dag.hasTurn = false;
      giveTurn(line, lane, dag);
    }
    return null;
  }

  function dropTurn(lane: Lane<R>, dag: DagLine<R>): void {
    lane.turns.shift();
    dag.hasTurn = false;
    if (dag.classes.size === 0) lane.dags.delete(dag.dagId);
  }

  /** Whoever has waited longest for its turn, of all lanes whose gates are open. */
  function firstTurn(line: Line<R>): Turn | null {
    let first: Turn | null = null;
    for (const lane of line.lanes.values()) {
      if (!isOpen(lane.gate)) continue;
      const turn = firstOfLane(line, lane);
      if (turn === null) leave(line, lane);
      else if (first === null || turn.dag.turnAt < first.dag.turnAt) first = turn;
    }
    return first;
  }

  /** Gates come and go, and so do their lanes. */
  function leave(line: Line<R>, lane: Lane<R>): void {
    if (lane.gate !== null && lane.dags.size === 0) line.lanes.delete(lane.gate);
  }

  /** A run has no tasks left there. */
  function depart(spot: Spot<R>, run: R): void {
    const { lane, dag, tasks } = spot;
    tasks.runs.delete(run);
    if (tasks.runs.size === 0) dag.classes.delete(tasks.gate);
    if (dag.classes.size === 0 && !dag.hasTurn) lane.dags.delete(dag.dagId);
  }

  function countLane(lane: Lane<R>, roomOf: (run: R) => number, max: number): number {
    let sum = 0;
    for (const dag of lane.dags.values()) {
      if (parkedDags.has(dag.dagId)) continue;
      for (const { gate, runs } of dag.classes.values()) {
        let ofClass = 0;
        for (const { run, waiting } of runs.values())
          if (!parkedRuns.has(run)) ofClass += Math.min(waiting, roomOf(run));
        sum += gate === null ? ofClass : Math.min(ofClass, Math.max(0, gate.room()));
        if (sum >= max) return max;
      }
    }
    return sum;
  }

  function giveTurns(dagId: string): void {
    for (const line of lines.values())
      for (const lane of line.lanes.values()) {
        const dag = lane.dags.get(dagId);
        if (dag !== undefined && firstOfDag(dag) !== null) giveTurn(line, lane, dag);
      }
  }

  return {
    add(run, where, tasks) {
      const spot = spotOf(run, where);
      let runLine = spot.tasks.runs.get(run);
      if (runLine === undefined) {
        runLine = { run, spans: createHeap(goesFirst), waiting: 0, stamp: 0 };
        spot.tasks.runs.set(run, runLine);
        const known = spotsOfRun.get(run);
        if (known === undefined) spotsOfRun.set(run, new Set([spot]));
        else known.add(spot);
      }
      const span: Span = { ...tasks };
      runLine.spans.push(span);
      runLine.waiting += span.to - span.from;
      if (runLine.spans.peek() === span) place(spot, runLine);
    },
    take(line) {
      const next = firstTurn(line);
      if (next === null) return null;
      const { lane, dag, tasks } = next;
      const runLine = next.entry.line;
      const task = takeFirst(runLine);
      if (task === null) return null;
      lane.turns.shift();
      dag.hasTurn = false;
      line.served.set(dag.dagId, (line.turn += 1));
      const spot = { line, lane, dag, tasks };
      place(spot, runLine);
      if (runLine.waiting === 0) {
        depart(spot, runLine.run);
        forgetSpot(runLine.run, tasks);
      }
      if (firstOfDag(dag) !== null) giveTurn(line, lane, dag);
      if (lane.turns.length === 0 && line.lanes.size === 1) line.served.clear();
      leave(line, lane);
      return { run: runLine.run, task };
    },
    lines: () => lines.values(),
    hasWork: (line) => firstTurn(line) !== null,
    count(line, roomOf, max) {
      let sum = 0;
      for (const lane of line.lanes.values()) {
        const room = lane.gate === null ? Infinity : lane.gate.room();
        if (room > 0) sum += Math.min(room, countLane(lane, roomOf, max));
        if (sum >= max) return max;
      }
      return sum;
    },
    hasGates() {
      for (const line of lines.values())
        if (line.lanes.size > (line.lanes.has(null) ? 1 : 0)) return true;
      return false;
    },
    gated(roomOf, max) {
      const counts = new Map<Gate, number>();
      for (const line of lines.values())
        for (const lane of line.lanes.values()) {
          if (lane.gate === null) continue;
          const count = countLane(lane, roomOf, max);
          if (count > 0) counts.set(lane.gate, (counts.get(lane.gate) ?? 0) + count);
        }
      return counts;
    },
    setRunParked(run, isParked) {
      if (parkedRuns.has(run) === isParked) return;
      if (isParked) parkedRuns.add(run);
      else parkedRuns.delete(run);
      for (const spot of spotsOfRun.get(run) ?? []) {
        const runLine = spot.tasks.runs.get(run);
        if (runLine !== undefined) place(spot, runLine);
      }
    },
    setDagParked(dagId, isParked) {
      if (parkedDags.has(dagId) === isParked) return;
      if (isParked) parkedDags.add(dagId);
      else parkedDags.delete(dagId);
      if (!isParked) giveTurns(dagId);
    },
    wake: giveTurns,
    remove(run) {
      for (const spot of spotsOfRun.get(run) ?? []) {
        const runLine = spot.tasks.runs.get(run);
        if (runLine === undefined) continue;
        runLine.stamp += 1;
        depart(spot, run);
        leave(spot.line, spot.lane);
      }
      spotsOfRun.delete(run);
      parkedRuns.delete(run);
    },
  };

  function forgetSpot(run: R, tasks: TaskClass<R>): void {
    const spots = spotsOfRun.get(run);
    for (const spot of spots ?? []) if (spot.tasks === tasks) spots?.delete(spot);
    if (spots?.size === 0) spotsOfRun.delete(run);
  }
}

/** Takes the first instance out of the first span. */
function takeFirst(line: RunLine<QueuedRun>): ReadyTask | null {
  const span = line.spans.peek();
  if (span === undefined) return null;
  const { ix, from, priority, readyAt } = span;
  line.waiting -= 1;
  span.from += 1;
  if (span.from === span.to) line.spans.pop();
  else line.spans.firstChanged();
  return { ix, mapIx: from, priority, readyAt };
}
