/** What a run in memory is like, by the names of tasks. Reads what is so now: of a run that goes on, again each time. */

import type {
  CallbackSpec,
  Failure,
  InstanceRef,
  Reason,
  RunStateName,
  TaskStateName,
} from "@millrace/engine";
import {
  explain,
  instanceState,
  MillraceError,
  runStateName,
  slotOf,
  taskStateName,
} from "@millrace/engine";
import { blobBytesMax, decodeValue } from "@millrace/sdk/spec";
import { isKept } from "./deadlines.ts";
import type { MadeAssetEvent } from "./asset-events.ts";
import type { Delivery } from "./deliveries.ts";
import type { MemoryRun } from "./memory-run.ts";
import type { LogLine } from "./records.ts";
import { standFor } from "./stand-for.ts";
import type { TriggeredResult } from "./triggered-result.ts";

/** A task instance; or all instances of a mapped task together. */
export type TaskResult = {
  readonly id: string;
  /** From 0; null for a task that is not mapped, and for one that stands for all its instances. */
  readonly mapIndex: number | null;
  /** What people call the instance; null for its index. */
  readonly label: string | null;
  /** Of several instances the state that needs a look first. */
  readonly state: TaskStateName;
  /** How often it was started; each look of a sensor in mode "reschedule" is one. Of several instances the sum. */
  readonly attempts: number;
  /** Of the newest attempt; null when it succeeded or there was none. Of several instances the first one. */
  readonly failure: Failure | null;
  /** Of a branch that succeeded: the cases it chose. */
  readonly chosenCases: readonly string[];
  /** Why it does not run now; never empty. Of several instances: of the first that is not final. */
  readonly explain: readonly Reason[];
  /** What its body returned, decoded afresh; undefined for nothing. Of several instances: the list of their values. */
  readonly value: unknown;
  readonly logs: readonly LogLine[];
  /** Of a mapped task: its instances by index, also those that were removed. Else, and before it has any, empty. */
  readonly instances: readonly TaskResult[];
};

/** A callback that is to run, or ran. */
export type CallbackResult = {
  readonly on: CallbackSpec["on"];
  /** What people call it. */
  readonly name: string;
  /** Null for one of the run. */
  readonly taskId: string | null;
  readonly mapIndex: number | null;
  /** The attempt of the task it is about; of a run how often it has ended. */
  readonly tryNumber: number;
  /** "pending" for one that is not run: see the option `runCallbacks`. An external one needs a stand-in too. */
  readonly state: "pending" | "delivered" | "failed";
  /** How often it was tried. */
  readonly tries: number;
  /** Why the newest try failed. */
  readonly failure: Failure | null;
};

/** A deadline of the run, or of a task in it. */
export type DeadlineResult = {
  readonly name: string;
  /** Null for one of the run. */
  readonly taskId: string | null;
  readonly dueAt: Date;
  /** "pending" while it is ahead, or when the run failed before it. */
  readonly state: "pending" | "kept" | "missed";
};

export type RunResult<Result = unknown> = {
  readonly dagId: string;
  readonly name: string;
  readonly state: RunStateName;
  /** Why the run failed; null when it did not. */
  readonly failure: Failure | null;
  /** Defaults filled in. */
  readonly params: Readonly<Record<string, unknown>>;
  /** The value of the task whose handle the wire function returned; undefined when there is none, or it has none yet. */
  readonly result: Result | undefined;
  /** Ids of tasks in the order they started, once for each attempt of each instance. */
  readonly order: readonly string[];
  /** One entry for each task, in topological order. */
  readonly tasks: readonly TaskResult[];
  readonly logs: readonly LogLine[];
  /** Runs of other DAGs that tasks asked for, in that order. */
  readonly triggered: readonly TriggeredResult[];
  /** Callbacks that were due, in that order. */
  readonly callbacks: readonly CallbackResult[];
  /** Its deadlines. An average runtime has no earlier runs to count from, and gives none. */
  readonly deadlines: readonly DeadlineResult[];
  /** Events of assets that successes made, in that order. */
  readonly assetEvents: readonly MadeAssetEvent[];
  /**
   * A task, or one instance of a mapped task.
   *
   * @throws MillraceError TASK_NOT_FOUND for an id that the DAG does not have, or an index that the task does not have
   */
  task(id: string, mapIndex?: number): TaskResult;
  /**
   * A value a task left, decoded afresh: what its body returned, or what it pushed under a key; undefined when there is
   * none. Of a mapped task without an index: the list of those that its instances left.
   */
  xcom(id: string, key?: string, mapIndex?: number): unknown;
};

/** The key of what a body returned. */
const returnKey = "return_value";

export function resultOf<Result>(run: MemoryRun): RunResult<Result> {
  const { dag, facts } = run;
  return {
    dagId: dag.spec.dagId,
    name: facts.name,
    params: facts.params as Readonly<Record<string, unknown>>,
    get state() {
      return runStateName(run.engine.state);
    },
    get failure() {
      return run.failure;
    },
    get result() {
      const { resultTaskId } = dag.spec;
      return resultTaskId === null ? undefined : (this.xcom(resultTaskId) as Result | undefined);
    },
    get order() {
      return run.order.map((ix) => dag.taskIds[ix]!);
    },
    get tasks() {
      return dag.taskIds.map((_, ix) => taskOf(run, ix));
    },
    get logs() {
      return [...run.logs];
    },
    get triggered() {
      return run.triggered.all;
    },
    get assetEvents() {
      return [...run.assetEvents];
    },
    get callbacks() {
      return run.deliveries.all.map(callbackResult);
    },
    get deadlines() {
      return (run.deadlines ?? []).map(({ name, taskId, dueAt, isMissed }): DeadlineResult => {
        const state = isMissed ? "missed" : isKept(run.engine, taskId) ? "kept" : "pending";
        return { name, taskId, dueAt: new Date(dueAt), state };
      });
    },
    task(id, mapIndex) {
      const ix = requireTask(run, id);
      return mapIndex === undefined
        ? taskOf(run, ix)
        : instanceOf(run, requireInstance(run, ix, mapIndex));
    },
    xcom(id, key = returnKey, mapIndex) {
      const ix = requireTask(run, id);
      return mapIndex === undefined
        ? valueOf(run, ix, key)
        : instanceValue(run, requireInstance(run, ix, mapIndex), key);
    },
  };
}

/** @throws MillraceError TASK_NOT_FOUND */
export function requireTask({ dag }: MemoryRun, id: string): number {
  const ix = dag.ixOf.get(id);
  if (ix !== undefined) return ix;
  throw new MillraceError(
    "TASK_NOT_FOUND",
    `DAG "${dag.spec.dagId}" has no task "${id}"; its tasks are ${dag.taskIds.slice(0, 20).join(", ")}.`,
  );
}

/** @throws MillraceError TASK_NOT_FOUND */
export function requireInstance(run: MemoryRun, ix: number, mapIx: number): InstanceRef {
  if (mapIx >= 0 && slotOf(run.engine, ix, mapIx) >= 0) return { ix, mapIx };
  const count = run.engine.instances.count[ix]!;
  const has = !isMapped(run, ix)
    ? "it is not mapped"
    : count < 0
      ? "it has no instances yet"
      : `it has ${count} ${count === 1 ? "instance" : "instances"}`;
  throw new MillraceError(
    "TASK_NOT_FOUND",
    `Task "${run.dag.taskIds[ix]}" has no map index ${mapIx}: ${has}.`,
  );
}

function callbackResult({ callback, task, tryNumber, state, tries, problem }: Delivery) {
  const { on, name } = callback;
  return {
    ...{ on, name, taskId: task?.id ?? null, tryNumber, state, tries, failure: problem },
    mapIndex: task === null || task.mapIx < 0 ? null : task.mapIx,
  };
}

function isMapped({ dag }: MemoryRun, ix: number): boolean {
  return dag.tasks[ix]!.each.length > 0 || dag.mapping.frameOf[ix]! >= 0;
}

/** Whether it has instances in its stead. */
function isExpanded({ engine }: MemoryRun, ix: number): boolean {
  return slotOf(engine, ix, -1) < 0;
}

function taskOf(run: MemoryRun, ix: number): TaskResult {
  if (!isExpanded(run, ix)) return instanceOf(run, { ix, mapIx: -1 });
  const count = run.engine.instances.count[ix]!;
  const instances = Array.from({ length: count }, (_, mapIx) => instanceOf(run, { ix, mapIx }));
  const id = run.dag.taskIds[ix]!;
  const waiting = instances.find(({ explain: [first] }) => first?.kind !== "final");
  return {
    id,
    mapIndex: null,
    label: null,
    state: standFor(instances.map(({ state }) => state)),
    attempts: instances.reduce((sum, { attempts }) => sum + attempts, 0),
    failure: instances.find(({ failure }) => failure !== null)?.failure ?? null,
    chosenCases: [],
    explain: (waiting ?? instances[0])?.explain ?? [],
    get value() {
      return valueOf(run, ix, returnKey);
    },
    logs: run.logs.filter(({ taskId }) => taskId === id),
    instances,
  };
}

function instanceOf(run: MemoryRun, ref: InstanceRef): TaskResult {
  const { engine, dag, records, limits } = run;
  const { ix, mapIx } = ref;
  const record = records.peek(ref);
  const isBranch = dag.tasks[ix]!.control === "branch";
  return {
    id: dag.taskIds[ix]!,
    mapIndex: mapIx < 0 ? null : mapIx,
    label: record.label,
    state: taskStateName(instanceState(engine, ix, mapIx)),
    attempts: engine.instances.attempt[slotOf(engine, ix, mapIx)] ?? 0,
    failure: record.failure,
    chosenCases: (isBranch && engine.choices.get(ix)?.get(mapIx)) || [],
    explain: explain(engine, ref, limits),
    get value() {
      return instanceValue(run, ref, returnKey);
    },
    logs: [...record.logs],
    instances: [],
  };
}

function valueOf(run: MemoryRun, ix: number, key: string): unknown {
  if (!isExpanded(run, ix)) return instanceValue(run, { ix, mapIx: -1 }, key);
  const count = run.engine.instances.count[ix]!;
  const values = Array.from({ length: count }, (_, mapIx) =>
    instanceValue(run, { ix, mapIx }, key),
  );
  return values.filter((value) => value !== undefined);
}

function instanceValue(run: MemoryRun, ref: InstanceRef, key: string): unknown {
  const { out, xcoms } = run.records.peek(ref);
  const data = key === returnKey ? out : Object.hasOwn(xcoms, key) ? xcoms[key] : null;
  if (data === null || data === undefined) return undefined;
  const what = `xcom "${key}" of task "${run.dag.taskIds[ref.ix]}"`;
  return decodeValue(data, what, blobBytesMax);
}
