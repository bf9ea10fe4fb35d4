/** Rules for mappings: what is walked over is a list, known before it is needed, and not too long. */

import type { Json } from "../spec/args.ts";
import { ArgsError } from "../spec/args.ts";
import { dagLimits } from "../spec/dag-limits.ts";
import type { MapScopes } from "../graph/map-scope.ts";
import { isWithin, outermostOf, scopesFrom } from "../graph/map-scope.ts";
import type { MapSource } from "../graph/map-source.ts";
import { readSource } from "../graph/map-source.ts";
import type { Problems } from "../spec/problems.ts";
import type { GroupSpec, MapAxis } from "../spec/spec.ts";
import type { SpecFacts } from "./facts.ts";

/** What is mapped: a task or a group, with the tasks that have to wait for its sources. */
type Mapped = {
  readonly field: string;
  readonly id: string;
  readonly each: readonly MapAxis[];
  /** The task itself; of a group the tasks that nothing in it comes before. */
  readonly first: readonly string[];
  /** The group that no source may come from; null when there is none. */
  readonly outermost: string | null;
};

export function checkMappings(facts: SpecFacts): void {
  const { spec, scopes, problems } = facts;
  const roots = spec.groups.some(({ each }) => each.length > 0) ? rootsOf(facts) : new Map();
  /** How many elements a group or task has by itself, as far as the spec says it. */
  const lengths = new Map<string, number | null>();
  for (const group of spec.groups) {
    if (group.each.length === 0) continue;
    const mapped = {
      field: `groups["${group.id}"].each`,
      id: group.id,
      each: group.each,
      first: roots.get(group.id) ?? [],
      outermost: outermostOf(scopes.ofGroup(group.id))?.group.id ?? null,
    };
    lengths.set(group.id, checkMapping(mapped, facts));
    checkDepth(group, scopes, problems);
  }
  for (const task of spec.tasks) {
    const around = scopes.ofTask(task);
    let length: number | null = 1;
    if (task.each.length > 0) {
      const mapped = {
        field: `tasks["${task.id}"].each`,
        id: task.id,
        each: task.each,
        first: [task.id],
        outermost: outermostOf(around)?.group.id ?? null,
      };
      length = checkMapping(mapped, facts);
    }
    for (const { group } of scopesFrom(around)) length = times(length, lengths.get(group.id));
    if (length !== null && length > dagLimits.mapLength)
      problems.add(
        `tasks["${task.id}"]`,
        `mapped over ${length} elements`,
        `a task has at most ${dagLimits.mapLength} instances; let each work on more than one element`,
      );
  }
}

function times(length: number | null, more: number | null | undefined): number | null {
  return length === null || more === null || more === undefined ? null : length * more;
}

function checkDepth(group: GroupSpec, scopes: MapScopes, problems: Problems): void {
  const depth = (scopes.ofGroup(group.id)?.depth ?? 0) + 1;
  // Once for each chain: those further in would only repeat it.
  if (depth === dagLimits.mapDepth + 1)
    problems.add(
      `groups["${group.id}"].each`,
      `mapped group number ${depth} from outside`,
      `mapped groups nest at most ${dagLimits.mapDepth} deep; map the innermost over a product of lists instead`,
    );
}

/** By mapped group: its tasks that no other task of it comes before. */
function rootsOf({ spec, scopes }: SpecFacts): Map<string, string[]> {
  const scopeOf = new Map(spec.tasks.map((task) => [task.id, scopes.ofTask(task)]));
  const inner = new Set<string>();
  for (const { from, to } of spec.edges) {
    const fromScope = scopeOf.get(from) ?? null;
    if (fromScope === null) continue;
    for (const { group } of scopesFrom(scopeOf.get(to) ?? null))
      if (isWithin(fromScope, group.id)) inner.add(`${group.id} ${to}`);
  }
  const roots = new Map<string, string[]>();
  for (const [id, scope] of scopeOf)
    for (const { group } of scopesFrom(scope)) {
      if (inner.has(`${group.id} ${id}`)) continue;
      const list = roots.get(group.id);
      if (list) list.push(id);
      else roots.set(group.id, [id]);
    }
  return roots;
}

/** Says how many elements the mapping has, null when only a run can tell. */
function checkMapping(mapped: Mapped, facts: SpecFacts): number | null {
  const { problems } = facts;
  const { each, field } = mapped;
  if (each.length > dagLimits.axes)
    problems.add(
      field,
      `${each.length} dimensions`,
      `a mapping has at most ${dagLimits.axes}; let a task return the product as one list`,
    );
  let product: number | null = 1;
  for (const [at, { sources }] of each.entries()) {
    if (sources.length === 0 || sources.length > dagLimits.sources)
      problems.add(
        `${field}[${at}].sources`,
        `${sources.length} sources`,
        `a dimension walks over 1 to ${dagLimits.sources} lists together; name the list`,
      );
    let shortest: number | null = Infinity;
    for (const [n, text] of sources.slice(0, dagLimits.sources).entries()) {
      const length = checkSource(mapped, text, `${field}[${at}].sources[${n}]`, facts);
      shortest = length === null || shortest === null ? null : Math.min(length, shortest);
    }
    product = shortest === null ? null : times(product, shortest);
  }
  return product;
}

function checkSource(mapped: Mapped, text: string, field: string, facts: SpecFacts): number | null {
  const { problems } = facts;
  if (text.length > dagLimits.sourceLength) {
    const remedy = `the limit is ${dagLimits.sourceLength}; let a task return the list instead`;
    problems.add(field, `${text.length} characters`, remedy, "VALUE_TOO_LARGE");
    return null;
  }
  const source = readOrReport(text, field, problems);
  if (!source) return null;
  switch (source.kind) {
    case "list":
      checkElements(source.elements, field, text.length, problems);
      return source.elements.length;
    case "run":
      if (source.path[0] !== "params" || source.path.length < 2)
        problems.add(
          field,
          `run.${source.path.join(".")}`,
          'of a run only its params hold lists; name one, as in {"$":"run","path":["params","tables"]}',
        );
      return null;
    case "task":
      checkTaskSource(mapped, source, field, facts);
      return null;
  }
}

function readOrReport(text: string, field: string, problems: Problems): MapSource | null {
  try {
    return readSource(text);
  } catch (error) {
    if (!(error instanceof ArgsError)) throw error;
    problems.add(field, text, `the sources ${error.message}`);
    return null;
  }
}

function checkElements(
  elements: readonly Json[],
  field: string,
  length: number,
  problems: Problems,
): void {
  if (elements.length > dagLimits.mapLength)
    problems.add(
      field,
      `a list of ${elements.length}`,
      `a task has at most ${dagLimits.mapLength} instances; let each work on more than one element`,
    );
  // No element is longer than the whole.
  if (length <= dagLimits.argsBytes) return;
  const at = elements.findIndex((one) => JSON.stringify(one).length > dagLimits.argsBytes);
  if (at >= 0) {
    const remedy = `the limit of one is ${dagLimits.argsBytes} characters; pass where the data is instead`;
    problems.add(field, `a list with a large element ${at}`, remedy, "VALUE_TOO_LARGE");
  }
}

function checkTaskSource(
  mapped: Mapped,
  source: Extract<MapSource, { kind: "task" }>,
  field: string,
  { tasks, scopes, reach, problems }: SpecFacts,
): void {
  const { taskId, path } = source;
  const task = tasks.get(taskId);
  if (!task) {
    problems.add(field, taskId, "the DAG has no such task; add it, or map over another list");
    return;
  }
  const around = scopes.ofTask(task);
  if (mapped.outermost !== null && isWithin(around, mapped.outermost)) {
    problems.add(
      field,
      taskId,
      `the task is in the mapped group "${mapped.outermost}", as is what maps over it, so that each instance could have ` +
        "another length; move one of them out of the group, or map the group over the product of both lists",
    );
    return;
  }
  if ((around !== null || task.each.length > 0) && path.length > 0)
    problems.add(
      field,
      `${taskId} at ${path.join(".")}`,
      "the task is mapped, and only all of its results together are a list; leave the path out and select within each element",
    );
  const late = mapped.first.find((id) => !reach.isDirect(taskId, id));
  if (late !== undefined)
    problems.add(
      field,
      taskId,
      late === taskId
        ? "a task cannot map over its own results; name another task"
        : `"${late}" does not wait for the list; add the edge ${taskId} → ${late}`,
    );
}
