/** What `millrace dags test` says of a run: rows for people, JSON for programs. */
import type { Failure, RunStateName, TaskStateName } from "@millrace/engine";
import type { RunResult, TaskResult } from "@millrace/testing";
import { inspect } from "node:util";
import { instanceName, showGlyph, showState } from "./format.ts";

/** With `--json`. Values are those that bodies returned, as JSON has them. */
export type TestReport = {
  readonly dagId: string;
  readonly runName: string;
  readonly state: RunStateName;
  /** Null when it succeeded. */
  readonly failure: Failure | null;
  /** Defaults filled in. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Of the task whose handle the DAG's wire function returns; null for none. */
  readonly result: unknown;
  /** Ids of tasks in the order they started, once for each attempt. */
  readonly order: readonly string[];
  /** In topological order. */
  readonly tasks: readonly TaskReport[];
};

export type TaskReport = InstanceReport & {
  readonly id: string;
  /** Of a branch: the cases it chose. */
  readonly chosenCases: readonly string[];
  /** Of a mapped task, by map index; the fields beside it sum them up. Null for a task that is not mapped. */
  readonly instances: readonly InstanceReport[] | null;
};

export type InstanceReport = {
  readonly state: TaskStateName;
  readonly attempts: number;
  /** Of the newest attempt. */
  readonly failure: Failure | null;
  /** Null for nothing; of a mapped task the list of what its instances returned. */
  readonly returned: unknown;
};

/** Instances of one task that get a row of their own. */
const shownInstances = 5;
/** Characters of a value. */
const shownChars = 100;

export function reportOf(done: RunResult): TestReport {
  const { dagId, name, state, failure, params, result = null, order, tasks } = done;
  return { dagId, runName: name, state, failure, params, result, order, tasks: tasks.map(taskOf) };
}

function taskOf(task: TaskResult): TaskReport {
  const instances = task.instances.length > 0 ? task.instances.map(instanceOf) : null;
  return { id: task.id, ...instanceOf(task), chosenCases: task.chosenCases, instances };
}

function instanceOf({ state, attempts, failure, value = null }: TaskResult): InstanceReport {
  return { state, attempts, failure, returned: value };
}

/** One row a task; under a mapped one, a row for each of the first instances that did not succeed. */
export function rowsOf({ tasks }: RunResult): string[][] {
  return tasks.flatMap((task) => [
    rowOf(task.id, task),
    ...troubled(task).map((one) => rowOf(`  ${nameOf(one)}`, one)),
  ]);
}

function rowOf(name: string, task: TaskResult): string[] {
  return [name, showState(task.state), String(task.attempts), wordsOn(task)];
}

function nameOf({ id, mapIndex, label }: TaskResult): string {
  return instanceName({ taskId: id, mapIndex: mapIndex ?? -1, mapIndexLabel: label ?? "" });
}

function troubled({ instances }: TaskResult): readonly TaskResult[] {
  return instances
    .filter(({ state }) => state === "failed" || state === "upstream_failed")
    .slice(0, shownInstances);
}

function wordsOn({ instances, failure, value }: TaskResult): string {
  if (instances.length > 0) return countsOf(instances);
  return failure?.message.split("\n")[0] ?? short(value);
}

/** "3 instances: ✔ 2 success, ✘ 1 failed". */
function countsOf(instances: readonly TaskResult[]): string {
  const byState = Map.groupBy(instances, ({ state }) => state);
  const counts = [...byState].map(
    ([state, { length }]) => `${showGlyph(state)} ${length} ${state}`,
  );
  const all = instances.length === 1 ? "1 instance" : `${instances.length} instances`;
  return `${all}: ${counts.join(", ")}`;
}

function short(value: unknown): string {
  const text = value === undefined ? "" : inspect(value, { breakLength: Infinity, depth: 3 });
  return text.length > shownChars ? `${text.slice(0, shownChars - 1)}…` : text;
}
