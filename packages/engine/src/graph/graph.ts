/** Turns a DAG into numbers once, so that every event of every run of it costs only as much as the arrows it touches. */

import { referredTaskIds } from "../spec/args.ts";
import { arrowsOf, topologicalOrder } from "./cycle.ts";
import { MillraceError } from "../errors.ts";
import type { DagArrows, Path } from "./arrows.ts";
import { parentsOf } from "./arrows.ts";
import type { BlankRun } from "./blank.ts";
import { blankRunOf } from "./blank.ts";
import type { Branch } from "./branches.ts";
import { branchesOf, controlParentsOf } from "./branches.ts";
import type { MappingPlan } from "./mapping.ts";
import { mappingPlanOf } from "./mapping.ts";
import type { ScopePlan } from "./scopes.ts";
import { scopePlanOf } from "./scopes.ts";
import type { TallyPlan } from "./scope-tally.ts";
import { tallyPlanOf } from "./scope-tally.ts";
import type { DagSpec } from "../spec/spec.ts";
import { traits } from "./traits.ts";
import { validateDagSpec } from "../validate/validate.ts";
import { effectiveWeights } from "./weights.ts";

/**
 * A DAG version with its tasks numbered topologically. Shared by all its runs; its arrays take about 30 bytes a task and
 * 8 an edge.
 */
export type CompiledDag = DagArrows &
  TallyPlan & {
    readonly spec: DagSpec;
    readonly taskIds: readonly string[];
    readonly inDegree: Int32Array;
    /** By index: the tasks whose values its arguments refer to. */
    readonly inputs: readonly (readonly number[])[];
    /** By index: 1 when some task's arguments, or the elements of some mapping, are its value. */
    readonly isInput: Uint8Array;
    /** By index: bits of `traits`, what has to be looked at beyond the ordinary. */
    readonly traits: Uint8Array;
    /** What is mapped over what. */
    readonly mapping: MappingPlan;
    /** By index: the paths into its value whose lengths a success must tell; see `taskSucceeded.lengths`. */
    readonly measures: readonly (readonly Path[])[];
    /** Setups, teardowns, and which tasks decide the run's result. */
    readonly scopes: ScopePlan;
    /** By index: the weight by which it takes its turn, after its weight rule (semantics 5.5). */
    readonly weights: Int32Array;
    /** Whether a task limits how many of its instances are active. */
    readonly hasTisLimits: boolean;
    /** What runs of it begin with. */
    readonly blank: BlankRun;
    /** Of the branches. */
    readonly branches: ReadonlyMap<number, Branch>;
    /** Of the tasks that have any: branches and short circuits directly before them. */
    readonly controlParents: ReadonlyMap<number, readonly number[]>;
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
  const arrows = numbered(spec);
  const { tasks, ixOf, parentOffsets } = arrows;
  const inputs = tasks.map((task) => {
    const ids = referredTaskIds(task.args);
    return ids.length === 0 ? none : ids.map((id) => ixOf.get(id)!);
  });
  const mapping = mappingPlanOf(spec, tasks, ixOf);
  const scopes = scopePlanOf(arrows);
  const branches = branchesOf(arrows);
  const controlParents = controlParentsOf(arrows);
  const inDegree = Int32Array.from(tasks, (_, ix) => parentOffsets[ix + 1]! - parentOffsets[ix]!);
  const isInput = new Uint8Array(tasks.length);
  for (const list of inputs) for (const ix of list) isInput[ix] = 1;
  for (const ix of mapping.usersOf.keys()) isInput[ix] = 1;
  const dag = {
    ...arrows,
    spec,
    taskIds: tasks.map((task) => task.id),
    ...tallyPlanOf(inDegree, scopes),
    inDegree,
    inputs,
    isInput,
    traits: new Uint8Array(tasks.length),
    mapping,
    measures: mapping.measures,
    scopes,
    branches,
    controlParents,
    weights: effectiveWeights(arrows),
    hasTisLimits: tasks.some(
      (task) => task.maxActiveTis !== null || task.maxActiveTisPerRun !== null,
    ),
    blank: blankRunOf(tasks, mapping),
  };
  for (let ix = 0; ix < tasks.length; ix += 1) dag.traits[ix] = traitsOf(dag, ix);
  return dag;
}

function numbered(spec: DagSpec): DagArrows {
  const position = new Map(spec.tasks.map((task, at) => [task.id, at]));
  const count = spec.tasks.length;
  const from = Int32Array.from(spec.edges, (edge) => position.get(edge.from)!);
  const to = Int32Array.from(spec.edges, (edge) => position.get(edge.to)!);
  const order = topologicalOrder(count, arrowsOf(count, from, to));
  if (!order) throw new MillraceError("DAG_HAS_CYCLE");
  const tasks = Array.from(order, (at) => spec.tasks[at]!);
  const ixOf = new Map(tasks.map((task, ix) => [task.id, ix]));
  const sources = Int32Array.from(spec.edges, (edge) => ixOf.get(edge.from)!);
  const targets = Int32Array.from(spec.edges, (edge) => ixOf.get(edge.to)!);
  const children = arrowsOf(count, sources, targets);
  const parents = arrowsOf(count, targets, sources);
  return {
    tasks,
    ixOf,
    childOffsets: children.offsets,
    children: children.targets,
    parentOffsets: parents.offsets,
    parents: parents.targets,
  };
}

function traitsOf(dag: CompiledDag, ix: number): number {
  const { mapping, scopes } = dag;
  const task = dag.tasks[ix]!;
  const frame = mapping.frameOf[ix]!;
  let bits = 0;
  if (frame >= 0 || task.each.length > 0) bits |= traits.isMapped;
  if (scopes.isScoped[ix] === 1) bits |= traits.isScoped;
  if (scopes.linkOffsets[ix] !== scopes.linkOffsets[ix + 1]) bits |= traits.hasLinks;
  if (dag.controlParents.has(ix)) bits |= traits.isChosen;
  if (mapping.usersOf.has(ix)) bits |= traits.isMapSource;
  if (task.triggerRule !== "all_success" || task.role === "teardown") bits |= traits.hasRule;
  if (frame >= 0 && hasMates(dag, ix)) bits |= traits.hasMates;
  return bits;
}

/** Whether something before it is in a mapped group with it: its instances then have upstreams of their own. */
function hasMates(dag: CompiledDag, ix: number): boolean {
  const isMate = (other: number): boolean => dag.mapping.commonFrame(other, ix) >= 0;
  return (
    parentsOf(dag, ix).some(isMate) ||
    (dag.scopes.sourcesOf.get(ix) ?? []).some(({ from }) => isMate(from))
  );
}
