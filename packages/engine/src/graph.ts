/** Turns a DAG into numbers once, so that every event of every run of it costs only as much as the arrows it touches. */

import { referredTaskIds } from "./args.ts";
import { arrowsOf, topologicalOrder } from "./cycle.ts";
import { MillraceError } from "./errors.ts";
import type { DagSpec, TaskSpec } from "./spec.ts";
import { validateDagSpec } from "./validate.ts";

/**
 * A DAG version with its tasks numbered topologically. Shared by all its runs; its arrays take 13 bytes a task and 8 an edge.
 *
 * Arrows are compressed: the children of `ix` are `children[childOffsets[ix]] … children[childOffsets[ix + 1] - 1]`, likewise parents.
 */
export type CompiledDag = {
  readonly spec: DagSpec;
  readonly taskIds: readonly string[];
  readonly ixOf: ReadonlyMap<string, number>;
  /** By index. */
  readonly tasks: readonly TaskSpec[];
  readonly childOffsets: Int32Array;
  readonly children: Int32Array;
  readonly parentOffsets: Int32Array;
  readonly parents: Int32Array;
  readonly inDegree: Int32Array;
  /** By index: the tasks whose values its arguments refer to. */
  readonly inputs: readonly (readonly number[])[];
  /** By index: 1 when some task's arguments refer to its value. */
  readonly isInput: Uint8Array;
};

const none: readonly number[] = [];

/**
 * Numbers a DAG's tasks and arrows. The same spec gives the same numbers in every process.
 *
 * @throws MillraceError DAG_INVALID, DAG_HAS_CYCLE or CRON_INVALID with the first problem of `validateDagSpec`
 */
export function compileDag(spec: DagSpec): CompiledDag {
  const [problem] = validateDagSpec(spec);
  if (problem) {
    const { field, value } = problem;
    throw new MillraceError(problem.reason, problem.message, { metadata: { field, value } });
  }
  const count = spec.tasks.length;
  const order = orderOf(spec);
  const tasks = Array.from(order, (position) => spec.tasks[position]!);
  const ixOf = new Map(tasks.map((task, ix) => [task.id, ix]));
  const from = Int32Array.from(spec.edges, (edge) => ixOf.get(edge.from)!);
  const to = Int32Array.from(spec.edges, (edge) => ixOf.get(edge.to)!);
  const children = arrowsOf(count, from, to);
  const parents = arrowsOf(count, to, from);
  const inputs = tasks.map((task) => {
    const ids = referredTaskIds(task.args);
    return ids.length === 0 ? none : ids.map((id) => ixOf.get(id)!);
  });
  const isInput = new Uint8Array(count);
  for (const list of inputs) for (const ix of list) isInput[ix] = 1;
  return {
    spec,
    taskIds: tasks.map((task) => task.id),
    ixOf,
    tasks,
    childOffsets: children.offsets,
    children: children.targets,
    parentOffsets: parents.offsets,
    parents: parents.targets,
    inDegree: Int32Array.from(tasks, (_, ix) => parents.offsets[ix + 1]! - parents.offsets[ix]!),
    inputs,
    isInput,
  };
}

function orderOf(spec: DagSpec): Int32Array {
  const position = new Map(spec.tasks.map((task, at) => [task.id, at]));
  const from = Int32Array.from(spec.edges, (edge) => position.get(edge.from)!);
  const to = Int32Array.from(spec.edges, (edge) => position.get(edge.to)!);
  const order = topologicalOrder(spec.tasks.length, arrowsOf(spec.tasks.length, from, to));
  if (!order) throw new MillraceError("DAG_HAS_CYCLE");
  return order;
}
