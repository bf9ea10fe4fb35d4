/**
 * Task instances that may run as far as their runs are concerned, in lines by queue and handler. Within a line DAGs take
 * turns; within a DAG the highest priority goes first, then the oldest, then the lowest index. A run or DAG at a limit is
 * parked whole: its tasks keep their places and cost nothing until the limit frees. The instances of a mapped task that
 * became ready together are one entry, however many they are.
 */

import { createHeap, type Heap } from "./heap.ts";

/** What the queue needs to know of a run; compared by identity. */
export type QueuedRun = { readonly key: number; readonly dagId: string };

export type LineKey = {
  readonly queue: string;
  /** Null for tasks of bundles. */ readonly handler: string | null;
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
  add(run: R, line: LineKey, tasks: ReadyTasks): void;
  /** Removes and answers the next task of a line whose run and DAG are not parked; null when there is none. */
  take(line: Line<R>): { readonly run: R; readonly task: ReadyTask } | null;
  /** Lines that ever had a task. */
  lines(): Iterable<Line<R>>;
  hasWork(line: Line<R>): boolean;
  /** Instances in a line that are not parked, counting at most `roomOf(run)` of each run, and `max` in all. */
  count(line: Line<R>, roomOf: (run: R) => number, max: number): number;
  /** Parks a run, or ends that. Parking says nothing about the run's other limits. */
  setRunParked(run: R, isParked: boolean): void;
  setDagParked(dagId: string, isParked: boolean): void;
  /** Forgets a run and its tasks. */
  remove(run: R): void;
};

export type Line<R extends QueuedRun> = LineKey & {
  /** DAGs with work, in the order of their turns. */
  readonly turns: DagLine<R>[];
  readonly dags: Map<string, DagLine<R>>;
};

type DagLine<R extends QueuedRun> = {
  readonly dagId: string;
  readonly runs: Map<R, RunLine<R>>;
  /** Runs by their first task; entries whose stamp is old are skipped. */
  readonly order: Heap<RunEntry<R>>;
  hasTurn: boolean;
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

export function createReadyQueue<R extends QueuedRun>(): ReadyQueue<R> {
  const lines = new Map<string, Line<R>>();
  const linesOfRun = new Map<R, Set<Line<R>>>();
  const parkedRuns = new Set<R>();
  const parkedDags = new Set<string>();

  function lineOf({ queue, handler }: LineKey): Line<R> {
    const name = JSON.stringify([queue, handler]);
    let line = lines.get(name);
    if (line === undefined) {
      line = { queue, handler, turns: [], dags: new Map() };
      lines.set(name, line);
    }
    return line;
  }

  function dagLineOf(line: Line<R>, dagId: string): DagLine<R> {
    let dag = line.dags.get(dagId);
    if (dag === undefined) {
      const order = createHeap<RunEntry<R>>(runGoesFirst);
      dag = { dagId, runs: new Map(), order, hasTurn: false };
      line.dags.set(dagId, dag);
    }
    return dag;
  }

  /** Gives a run its place by its first task, and its DAG a turn, unless either is parked. */
  function place(line: Line<R>, dag: DagLine<R>, runLine: RunLine<R>): void {
    runLine.stamp += 1;
    const first = runLine.spans.peek();
    if (first === undefined || parkedRuns.has(runLine.run)) return;
    const { priority, readyAt, ix } = first;
    dag.order.push({ priority, readyAt, ix, line: runLine, stamp: runLine.stamp });
    giveTurn(line, dag);
  }

  function giveTurn(line: Line<R>, dag: DagLine<R>): void {
    if (dag.hasTurn || parkedDags.has(dag.dagId)) return;
    dag.hasTurn = true;
    line.turns.push(dag);
  }

  function firstRun(dag: DagLine<R>): RunLine<R> | null {
    for (let entry = dag.order.peek(); entry !== undefined; entry = dag.order.peek()) {
      if (entry.stamp === entry.line.stamp) return entry.line;
      dag.order.pop();
    }
    return null;
  }

  /** Drops turns of DAGs that are parked or have nothing left, up to the first that has. */
  function firstTurn(line: Line<R>): { dag: DagLine<R>; runLine: RunLine<R> } | null {
    for (let dag = line.turns[0]; dag !== undefined; dag = line.turns[0]) {
      const runLine = parkedDags.has(dag.dagId) ? null : firstRun(dag);
      if (runLine !== null) return { dag, runLine };
      line.turns.shift();
      dag.hasTurn = false;
      if (dag.runs.size === 0) line.dags.delete(dag.dagId);
    }
    return null;
  }

  return {
    add(run, key, tasks) {
      const line = lineOf(key);
      const dag = dagLineOf(line, run.dagId);
      let runLine = dag.runs.get(run);
      if (runLine === undefined) {
        runLine = { run, spans: createHeap(goesFirst), waiting: 0, stamp: 0 };
        dag.runs.set(run, runLine);
        const known = linesOfRun.get(run);
        if (known === undefined) linesOfRun.set(run, new Set([line]));
        else known.add(line);
      }
      const span: Span = { ...tasks };
      runLine.spans.push(span);
      runLine.waiting += span.to - span.from;
      if (runLine.spans.peek() === span) place(line, dag, runLine);
    },
    take(line) {
      const next = firstTurn(line);
      if (next === null) return null;
      const { dag, runLine } = next;
      const task = takeFirst(runLine);
      if (task === null) return null;
      if (runLine.waiting === 0) {
        runLine.stamp += 1;
        dag.runs.delete(runLine.run);
        linesOfRun.get(runLine.run)?.delete(line);
      }
      line.turns.shift();
      dag.hasTurn = false;
      place(line, dag, runLine);
      if (firstRun(dag) !== null) giveTurn(line, dag);
      else if (dag.runs.size === 0) line.dags.delete(dag.dagId);
      return { run: runLine.run, task };
    },
    lines: () => lines.values(),
    hasWork: (line) => firstTurn(line) !== null,
    count(line, roomOf, max) {
      let sum = 0;
      for (const dag of line.dags.values()) {
        if (parkedDags.has(dag.dagId)) continue;
        for (const { run, waiting } of dag.runs.values()) {
          if (!parkedRuns.has(run)) sum += Math.min(waiting, roomOf(run));
          if (sum >= max) return max;
        }
      }
      return sum;
    },
    setRunParked(run, isParked) {
      if (parkedRuns.has(run) === isParked) return;
      if (isParked) parkedRuns.add(run);
      else parkedRuns.delete(run);
      for (const line of linesOfRun.get(run) ?? []) {
        const dag = line.dags.get(run.dagId);
        const runLine = dag?.runs.get(run);
        if (dag !== undefined && runLine !== undefined) place(line, dag, runLine);
      }
    },
    setDagParked(dagId, isParked) {
      if (isParked) parkedDags.add(dagId);
      else parkedDags.delete(dagId);
      if (isParked) return;
      for (const line of lines.values()) {
        const dag = line.dags.get(dagId);
        if (dag !== undefined && firstRun(dag) !== null) giveTurn(line, dag);
      }
    },
    remove(run) {
      for (const line of linesOfRun.get(run) ?? []) {
        const dag = line.dags.get(run.dagId);
        const runLine = dag?.runs.get(run);
        if (dag === undefined || runLine === undefined) continue;
        runLine.stamp += 1;
        dag.runs.delete(run);
        if (dag.runs.size === 0 && !dag.hasTurn) line.dags.delete(run.dagId);
      }
      linesOfRun.delete(run);
      parkedRuns.delete(run);
    },
  };
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
