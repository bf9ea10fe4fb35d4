/** Random sound DAGs that use everything a DAG can say about what happens inside a run. */

import * as fc from "fast-check";
import type { BranchCase, DagSpec, GroupSpec, TaskSpec } from "../../spec/spec.ts";
import { triggerRules } from "../../spec/spec.ts";
import { aDagSpec, aTask } from "../../testing.ts";
import { Lists } from "./random-lists.ts";
import { EdgeSet, idOf, layoutOf } from "./random-layout.ts";
import type { AxisDraw, Draw, GroupDraw, Mix } from "./draws.ts";

const groupCount = 4;
const byte = fc.nat({ max: 255 });
const each: fc.Arbitrary<AxisDraw[]> = fc.array(fc.array(byte, { minLength: 1, maxLength: 2 }), {
  minLength: 1,
  maxLength: 2,
});
const draw: fc.Arbitrary<Draw> = fc.record({
  parents: fc.array(byte, { maxLength: 4 }),
  role: byte,
  rule: byte,
  control: byte,
  cases: fc.array(byte, { minLength: 1, maxLength: 3 }),
  each,
  isMapped: byte,
  group: byte,
  retries: fc.nat({ max: 2 }),
  timesOut: fc.boolean(),
});
const groupDraw: fc.Arbitrary<GroupDraw> = fc.record({ parent: byte, isMapped: byte, each });
const seldom = fc.nat({ max: 7 }).map((n) => n === 0);
const often = fc.nat({ max: 2 }).map((n) => n > 0);
const mix: fc.Arbitrary<Mix> = fc.record({
  failFast: seldom,
  hasMapping: often,
  hasGroups: often,
  hasSetups: fc.boolean(),
  hasControl: fc.boolean(),
  hasRules: often,
  timesOut: seldom,
});

export function randomSpec(maxTasks: number): fc.Arbitrary<DagSpec> {
  const tasks = fc.array(draw, { minLength: 1, maxLength: maxTasks, size: "max" });
  const groups = fc.array(groupDraw, { minLength: groupCount, maxLength: groupCount });
  return fc.tuple(tasks, groups, mix).map(([draws, drawn, use]) => build(draws, drawn, use));
}

function build(draws: readonly Draw[], drawn: readonly GroupDraw[], use: Mix): DagSpec {
  const roles = draws.map((one, at) => roleOf(one, at, use));
  const edges = new EdgeSet();
  for (const [at, one] of draws.entries()) join(edges, one, at, roles);
  const layout = layoutOf(draws, drawn, use);
  const lists = new Lists(layout, edges);
  // Lists add edges from what gives them, on which rules and cases depend.
  const groups = drawn.map((group, g): GroupSpec => ({
    id: `g${g}`,
    parentId: layout.parentOf[g]! < 0 ? null : `g${layout.parentOf[g]!}`,
    tooltip: "",
    each: lists.ofGroup(g, group.each),
  }));
  const eaches = draws.map((one, at) => lists.ofTask(at, one.each));
  const tasks = draws.map((one, at): TaskSpec => {
    const control = eaches[at]!.length > 0 ? "none" : controlOf(one, use);
    const isInReach = (id: number): boolean =>
      layout.mappedAround[at]!.every((g) => layout.mappedAround[id]!.includes(g));
    const { groupOf } = layout;
    return aTask(idOf(at), {
      groupId: groupOf[at]! < 0 ? null : `g${groupOf[at]!}`,
      role: roles[at]!,
      failsRun: roles[at] === "teardown" && one.rule % 3 === 0,
      triggerRule: ruleOf(one, at, roles, edges, use),
      control,
      cases: control === "branch" ? casesOf(one, edges.descendants(at).filter(isInReach)) : [],
      skipsDirectOnly: control === "short_circuit" && one.rule % 2 === 0,
      each: eaches[at]!,
      retries: one.retries,
      executionTimeoutMs: one.timesOut ? 60_000 : null,
    });
  });
  const dagrunTimeoutMs = use.timesOut ? 1_000_000 : null;
  const maxActiveTasks = 1 + (draws.length % 5);
  const { failFast } = use;
  const options = { failFast, maxActiveTasks, dagrunTimeoutMs, groups, edges: edges.list() };
  return { ...aDagSpec({ tasks: {} }, options), tasks };
}

/** Most teardowns belong to a setup. */
function join(
  edges: EdgeSet,
  { parents, cases }: Draw,
  at: number,
  roles: readonly TaskSpec["role"][],
): void {
  if (at > 0) for (const parent of parents) edges.add(parent % at, at);
  if (roles[at] !== "teardown") return;
  const setups = roles.slice(0, at).flatMap((role, ix) => (role === "setup" ? [ix] : []));
  if (setups.length > 0) edges.add(setups[cases[0]! % setups.length]!, at);
}

function roleOf({ role }: Draw, at: number, { hasSetups }: Mix): TaskSpec["role"] {
  if (!hasSetups) return "work";
  if (role % 6 === 0) return "setup";
  return role % 6 === 1 && at > 0 ? "teardown" : "work";
}

function ruleOf(
  { rule }: Draw,
  at: number,
  roles: readonly TaskSpec["role"][],
  edges: EdgeSet,
  { failFast, hasRules }: Mix,
): TaskSpec["triggerRule"] {
  if (roles[at] === "teardown") return "all_done_setup_success";
  const isAfterSetup = edges.parents(at).some((parent) => roles[parent] === "setup");
  if (!hasRules || isAfterSetup) return "all_success";
  const rules = failFast ? fastRules : triggerRules;
  return rules[rule % rules.length]!;
}

/** The rules that a DAG that fails fast may have. */
const fastRules = ["all_success", "none_failed", "none_failed_min_one_success"] as const;

function controlOf({ control }: Draw, { hasControl }: Mix): TaskSpec["control"] {
  if (!hasControl) return "none";
  if (control % 6 === 0) return "branch";
  return control % 6 === 1 ? "short_circuit" : "none";
}

/** Cases over what comes after the branch, directly or later, within its mapped groups. */
function casesOf({ cases }: Draw, after: readonly number[]): BranchCase[] {
  return cases.map((pick, n) => ({
    name: `case${n}`,
    taskIds: after.filter((_, nth) => (pick >> (nth % 8)) % 2 === 1).map(idOf),
  }));
}
