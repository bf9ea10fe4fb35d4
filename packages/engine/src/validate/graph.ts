/** Rules for what tasks have to do with each other: arrows and groups. */

import { arrowsOf, findCycle, topologicalOrder } from "../graph/cycle.ts";
import { dagLimits } from "../spec/dag-limits.ts";
import type { Problems } from "../spec/problems.ts";
import type { DagSpec } from "../spec/spec.ts";
import { idRule, isId } from "../spec/ids.ts";

/** Tasks of a circle that a message shows. */
const shownTasks = 20;

/** Any set or map that knows the tasks by their ids. */
type Ids = { has(id: string): boolean };

export function checkEdges(spec: DagSpec, ids: Ids, problems: Problems): void {
  const seen = new Set<string>();
  for (const [at, { from, to, label }] of spec.edges.entries()) {
    const field = `edges[${at}]`;
    const pair = `${from} → ${to}`;
    for (const id of new Set([from, to]))
      if (!ids.has(id))
        problems.add(field, pair, `the DAG has no task "${id}"; add the task or drop the edge`);
    if (from === to)
      problems.add(field, pair, "a task cannot wait for itself; drop the edge", "DAG_HAS_CYCLE");
    if (seen.has(pair)) problems.add(field, pair, "the edge is there already; drop one");
    seen.add(pair);
    if (label.length > dagLimits.labelLength)
      problems.add(
        `${field}.label`,
        `${label.length} characters`,
        `the limit is ${dagLimits.labelLength}; shorten it`,
      );
  }
  checkCycle(spec, problems);
}

/** Looks at the edges that are sound by themselves; with a repeated id, at those of its last task. */
function checkCycle(spec: DagSpec, problems: Problems): void {
  const position = new Map(spec.tasks.map((task, at) => [task.id, at]));
  const from: number[] = [];
  const to: number[] = [];
  for (const edge of spec.edges) {
    const source = position.get(edge.from);
    const target = position.get(edge.to);
    if (source === undefined || target === undefined || source === target) continue;
    from.push(source);
    to.push(target);
  }
  const arrows = arrowsOf(spec.tasks.length, from, to);
  if (topologicalOrder(spec.tasks.length, arrows)) return;
  const cycle = (findCycle(spec.tasks.length, arrows) ?? []).map((ix) => spec.tasks[ix]?.id ?? "");
  const shown =
    cycle.length > shownTasks
      ? [...cycle.slice(0, shownTasks), `… (${cycle.length} tasks)`]
      : cycle;
  const path = [...shown, cycle[0]].join(" → ");
  problems.list.push({
    reason: "DAG_HAS_CYCLE",
    field: "edges",
    value: path,
    message: `edges form a circle, so none of its tasks could ever start: ${path}. Drop one of these edges.`,
  });
}

/** Says whether the groups are a tree and every task's group is in it. */
export function checkGroups(spec: DagSpec, taskIds: Ids, problems: Problems): boolean {
  const { groups } = spec;
  const before = problems.list.length;
  if (groups.length > dagLimits.groups) {
    problems.add(
      "groups",
      groups.length,
      `a DAG has at most ${dagLimits.groups} groups; merge some`,
    );
    return false;
  }
  const parentOf = new Map<string, string | null>();
  for (const { id, parentId } of groups) {
    const field = `groups["${id}"].id`;
    if (!isId(id)) problems.add(field, id, idRule);
    if (taskIds.has(id))
      problems.add(field, id, "a task has this id; groups and tasks share one set of names");
    if (parentOf.has(id))
      problems.add(field, id, "another group has this id; give one of them its own");
    parentOf.set(id, parentId);
  }
  for (const { id, parentId } of groups) {
    const field = `groups["${id}"].parentId`;
    if (parentId !== null && !parentOf.has(parentId))
      problems.add(field, parentId, "the DAG has no such group");
    else if (isInsideItself(id, parentOf))
      problems.add(
        field,
        parentId,
        "the group is inside itself; give it a parent outside, or none",
      );
  }
  for (const { id, groupId } of spec.tasks)
    if (groupId !== null && !parentOf.has(groupId))
      problems.add(
        `tasks["${id}"].groupId`,
        groupId,
        "the DAG has no such group; add it to groups or leave it out",
      );
  return problems.list.length === before;
}

function isInsideItself(id: string, parentOf: ReadonlyMap<string, string | null>): boolean {
  let current = parentOf.get(id) ?? null;
  for (let steps = 0; current !== null && steps <= parentOf.size; steps += 1) {
    if (current === id) return true;
    current = parentOf.get(current) ?? null;
  }
  return false;
}
