/** From what a wiring recorded to the engine's `DagSpec`. */

import {
  MillraceError,
  type BranchCase,
  type DagSpec,
  type GroupSpec,
  type TaskSpec,
  type TriggerRule,
} from "@millrace/engine";
import { callHandler } from "./call-place.ts";
import { callbackSpecs } from "../callback/callback-options.ts";
import { compileLinks, type Compiled } from "./compile-links.ts";
import { referenceOf } from "./reference.ts";
import { completeSettings, mergeSettings, type TaskSettings } from "../task/task-options.ts";
import type { Group, Node, Wiring } from "./wiring.ts";

/** The parts of a spec that come from wiring. */
export type WiredParts = Pick<DagSpec, "tasks" | "edges" | "groups" | "resultTaskId">;

/** Tasks in the order of calls; edges first from data, then from order, each pair once. */
export function compileWiring(wiring: Wiring, defaults: Partial<TaskSettings>): WiredParts {
  const compiled = compileLinks(wiring);
  return {
    tasks: [...wiring.nodes.values()].map((node) => taskSpec(wiring, node, defaults, compiled)),
    edges: compiled.edges,
    groups: [...wiring.groups.values()].map(groupSpec),
    resultTaskId: resultOf(wiring),
  };
}

/** The settings that were given for a node, at any level. */
export function settingsOf(node: Node, defaults: Partial<TaskSettings>): Partial<TaskSettings> {
  return mergeSettings([
    defaults,
    ...node.groups.map((group) => group.defaults),
    node.source.settings,
  ]);
}

function taskSpec(
  wiring: Wiring,
  node: Node,
  defaults: Partial<TaskSettings>,
  compiled: Compiled,
): TaskSpec {
  const { id, source, groups, each } = node;
  const given = settingsOf(node, defaults);
  const settings = completeSettings(given);
  const isExternal = source.kind === "external";
  const isMapped = [...groups, node].some((one) => one.each.length > 0);
  if (!isExternal && settings.isolation === "thread" && Object.keys(settings.env).length > 0) {
    refuse(wiring, id, "env", 'has the option "env", which needs isolation: "process"');
  }
  return {
    id,
    groupId: groups.at(-1)?.id ?? null,
    kind: source.kind,
    handler: isExternal ? source.handler : id,
    args: node.args,
    ...settings,
    ...source.trait,
    ...(wiring.roles.get(id) ?? { role: "work", failsRun: false }),
    triggerRule: triggerRuleOf(wiring, node, given, compiled),
    cases: casesOf(wiring, node, compiled),
    each,
    mapIndexTemplate: isMapped ? settings.mapIndexTemplate : "",
    // A TypeScript worker's matter: other languages know neither.
    ...(isExternal && { isolation: "thread", env: {} }),
    callbacks: callbackSpecs(id, given),
    pastDecider:
      settings.dependsOnPast && given.decidePast ? callHandler(id, "dependsOnPast") : null,
    resultSchema: null,
    argSchemas: [],
  };
}

/** What was given counts; else a join has its own, and a teardown always. */
function triggerRuleOf(
  wiring: Wiring,
  { id, source }: Node,
  given: Partial<TaskSettings>,
  { joins }: Compiled,
): TriggerRule {
  if (wiring.roles.get(id)?.role === "teardown") {
    const { triggerRule = teardownRule } = source.settings;
    if (triggerRule === teardownRule) return teardownRule;
    refuse(
      wiring,
      id,
      "triggerRule",
      `releases a setup, and has the trigger rule "${triggerRule}"; leave the option out`,
    );
  }
  return given.triggerRule ?? (joins.has(id) ? "none_failed_min_one_success" : "all_success");
}

const teardownRule = "all_done_setup_success";

function casesOf(wiring: Wiring, { id, source }: Node, compiled: Compiled): readonly BranchCase[] {
  if (source.trait.control !== "branch") return [];
  const cases = compiled.cases.get(id) ?? [];
  if (cases.length > 0) return cases;
  return refuse(
    wiring,
    id,
    "cases",
    "is a branch without cases; say them with choice(…).cases({ … })",
  );
}

function groupSpec({ id, parent, tooltip, each }: Group): GroupSpec {
  return { id, parentId: parent?.id ?? null, tooltip, each };
}

/** The task whose value is the run's: the one whose handle the wire function returned. */
function resultOf(wiring: Wiring): string | null {
  const reference = referenceOf(wiring.result);
  if (reference === undefined) return null;
  if (reference.kind === "task" && reference.path.length === 0 && reference.within === null) {
    return reference.id;
  }
  throw new MillraceError(
    "DAG_INVALID",
    `the wire function of DAG "${wiring.dag.dagId}" returns something else than the whole result of a ` +
      "task; return the handle of a task, or nothing",
    { metadata: { field: "wire" } },
  );
}

function refuse(wiring: Wiring, id: string, field: string, problem: string): never {
  throw new MillraceError("DAG_INVALID", `task "${id}" of DAG "${wiring.dag.dagId}" ${problem}`, {
    metadata: { field },
  });
}
