/** Rules for what decides about other tasks: trigger rules, branches, setups and teardowns, fail-fast. */

import { dagLimits } from "../spec/dag-limits.ts";
import { isWithin } from "../graph/map-scope.ts";
import type { Problems } from "../spec/problems.ts";
import type { TaskSpec, TriggerRule } from "../spec/spec.ts";
import { triggerRules } from "../spec/spec.ts";
import type { SpecFacts } from "./facts.ts";

/** What a task says of itself; needs no other task. */
export function checkControlFields(task: TaskSpec, at: string, problems: Problems): void {
  const { triggerRule, role, control, cases } = task;
  checkWord(problems, `${at}.triggerRule`, triggerRule, triggerRules);
  checkWord(problems, `${at}.role`, role, ["work", "setup", "teardown"]);
  checkWord(problems, `${at}.control`, control, ["none", "branch", "short_circuit"]);
  if (role === "teardown" && triggerRule !== "all_done_setup_success")
    problems.add(
      `${at}.triggerRule`,
      triggerRule,
      "a teardown always runs once what it cleans up after is done; leave its rule out, which means all_done_setup_success",
    );
  if (task.failsRun && role !== "teardown")
    problems.add(
      `${at}.failsRun`,
      true,
      "only a teardown needs to say that its failure fails the run; leave it out",
    );
  if (control !== "branch" && cases.length > 0)
    problems.add(
      `${at}.cases`,
      `${cases.length} cases`,
      'only a branch has cases; write control "branch"',
    );
  if (control !== "short_circuit" && task.skipsDirectOnly)
    problems.add(
      `${at}.skipsDirectOnly`,
      true,
      'only a short circuit skips by itself; write control "short_circuit", or leave it out',
    );
  if (control !== "none" && task.each.length > 0)
    problems.add(
      `${at}.each`,
      control,
      "its instances could choose differently for the same task; put it and what it chooses into a mapped group",
    );
}

function checkWord(
  problems: Problems,
  field: string,
  word: string,
  known: readonly string[],
): void {
  if (!known.includes(word)) problems.add(field, word, `write one of ${known.join(", ")}`);
}

/** Rules by which a task never runs because another one failed: all that a DAG that fails fast has a use for. */
const withoutFailures: readonly TriggerRule[] = [
  "all_success",
  "none_failed",
  "none_failed_min_one_success",
];

/** What tasks say of each other. */
export function checkControl(facts: SpecFacts): void {
  const { spec, tasks, problems } = facts;
  for (const task of spec.tasks) {
    if (task.control === "branch") checkCases(task, facts);
    if (spec.failFast && task.role !== "teardown" && !withoutFailures.includes(task.triggerRule))
      problems.add(
        `tasks["${task.id}"].triggerRule`,
        task.triggerRule,
        `the DAG fails fast, so nothing that waits for failures would run; write one of ${withoutFailures.join(", ")}, or turn failFast off`,
      );
  }
  for (const { from, to } of spec.edges) {
    const child = tasks.get(to);
    if (tasks.get(from)?.role !== "setup" || !child || child.role === "teardown") continue;
    if (child.triggerRule !== "all_success")
      problems.add(
        `tasks["${to}"].triggerRule`,
        child.triggerRule,
        `it comes directly after the setup "${from}" and must not run without it; write all_success`,
      );
  }
  if (spec.resultTaskId !== null && !tasks.has(spec.resultTaskId))
    problems.add(
      "resultTaskId",
      spec.resultTaskId,
      "the DAG has no such task; name one of its tasks, or leave it out",
    );
}

function checkCases(branch: TaskSpec, facts: SpecFacts): void {
  const { problems } = facts;
  const field = `tasks["${branch.id}"].cases`;
  if (branch.cases.length === 0 || branch.cases.length > dagLimits.cases)
    problems.add(
      field,
      `${branch.cases.length} cases`,
      `a branch has 1 to ${dagLimits.cases}; name what it may choose`,
    );
  const names = new Set<string>();
  for (const { name, taskIds } of branch.cases.slice(0, dagLimits.cases)) {
    if (name === "" || name.length > dagLimits.labelLength)
      problems.add(field, name, `the name of a case has 1 to ${dagLimits.labelLength} characters`);
    if (names.has(name))
      problems.add(field, name, "another case of the branch has this name; give one its own");
    names.add(name);
    for (const id of taskIds) {
      const wrong = wrongInCase(branch, id, facts);
      if (wrong !== null) problems.add(field, id, `case "${name}" goes on with a task ${wrong}`);
    }
  }
}

function wrongInCase(
  branch: TaskSpec,
  id: string,
  { tasks, scopes, reach }: SpecFacts,
): string | null {
  const task = tasks.get(id);
  if (!task) return "that the DAG does not have";
  if (!reach.isDirect(branch.id, id) && !reach.isAfter(branch.id, id)) {
    const why = reach.isExhausted()
      ? "far from the branch in a graph too large to follow"
      : "that does not wait for the branch";
    return `${why}; add the edge ${branch.id} → ${id}`;
  }
  const around = scopes.ofTask(branch);
  if (around !== null && !isWithin(scopes.ofTask(task), around.group.id))
    return (
      `outside the mapped group "${around.group.id}", for which every instance of the branch would choose; ` +
      "move the task into the group, or the branch out of it"
    );
  return null;
}
