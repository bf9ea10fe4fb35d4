/**
 * Tasks that may run as far as their runs are concerned, in lines by queue and handler. Within a line DAGs take turns;
 * within a DAG the highest priority goes first, then the oldest. A run or DAG at a limit is parked whole: its tasks
 * keep their places and cost nothing until the limit frees.
 */

import { createHeap, type Heap } from "./heap.ts";

/** What the queue needs to know of a run; compared by identity. */
export type QueuedRun = { readonly key: number; readonly dagId: string };

export type LineKey = {
  readonly queue: string;
  /** Null for tasks of bundles. */ readonly handler: string | null;
};

export type ReadyTask = {
  readonly ix: number;
  readonly priority: number;
  readonly readyAt: number;
};

export type ReadyQueue<R extends QueuedRun> = {
  add(run: R, line: LineKey, task: ReadyTask): void;
  /** Removes and answers the next task of a line whose run and DAG are not parked; null when there is none. */
  take(line: Line<R>): { readonly run: R; readonly task: ReadyTask } | null;
  /** Lines that ever had a task. */
  lines(): Iterable<Line<R>>;
  hasWork(line: Line<R>): boolean;
  /** Tasks of a line that are not parked, counting at most `roomOf(run)` of each run, and `max` in all. */
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
  readonly tasks: Heap<ReadyTask>;
  stamp: number;
};

type RunEntry<R extends QueuedRun> = {
  readonly first: ReadyTask;
  readonly line: RunLine<R>;
  readonly stamp: number;
};

function goesFirst(a: ReadyTask, b: ReadyTask): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority;
  if (a.readyAt !== b.readyAt) return a.readyAt < b.readyAt;
  return a.ix < b.ix;
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
      const order = createHeap<RunEntry<R>>(
        (a, b) =>
          goesFirst(a.first, b.first) ||
          (!goesFirst(b.first, a.first) && a.line.run.key < b.line.run.key),
      );
      dag = { dagId, runs: new Map(), order, hasTurn: false };
      line.dags.set(dagId, dag);
    }
    return dag;
  }

  /** Gives a run its place by its first task, and its DAG a turn, unless either is parked. */
  function place(line: Line<R>, dag: DagLine<R>, runLine: RunLine<R>): void {
    runLine.stamp += 1;
    const first = runLine.tasks.peek();
    if (first === undefined || parkedRuns.has(runLine.run)) return;
    dag.order.push({ first, line: runLine, stamp: runLine.stamp });
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
    add(run, key, task) {
      const line = lineOf(key);
      const dag = dagLineOf(line, run.dagId);
      let runLine = dag.runs.get(run);
      if (runLine === undefined) {
        runLine = { run, tasks: createHeap(goesFirst), stamp: 0 };
        dag.runs.set(run, runLine);
        const known = linesOfRun.get(run);
        if (known === undefined) linesOfRun.set(run, new Set([line]));
        else known.add(line);
      }
      runLine.tasks.push(task);
      if (runLine.tasks.peek() === task) place(line, dag, runLine);
    },
    take(line) {
      const next = firstTurn(line);
      if (next === null) return null;
      const { dag, runLine } = next;
      const task = runLine.tasks.pop();
      if (task === undefined) return null;
      if (runLine.tasks.size === 0) {
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
        for (const { run, tasks } of dag.runs.values()) {
          if (!parkedRuns.has(run)) sum += Math.min(tasks.size, roomOf(run));
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
