/** Rules for what a task says of other DAGs. They need not exist: DAGs come in any order, from several folders. */

import { dagLimits } from "../spec/dag-limits.ts";
import { idRule, isId } from "../spec/ids.ts";
import type { Problems } from "../spec/problems.ts";
import type { ExternalRef, TaskSpec } from "../spec/spec.ts";

export function checkExternal(task: TaskSpec, at: string, problems: Problems): void {
  checkCount(task.triggersDagIds, `${at}.triggers`, "DAGs", problems);
  for (const id of task.triggersDagIds) if (!isId(id)) problems.add(`${at}.triggers`, id, idRule);
  checkRefs(task.waitsFor, `${at}.waitsFor`, problems);
  checkRefs(task.marks, `${at}.marks`, problems);
  for (const { dagId, taskIds } of task.marks)
    if (taskIds.length === 0)
      problems.add(`${at}.marks`, dagId, "name the tasks that are to be cleared with it");
}

function checkRefs(refs: readonly ExternalRef[], at: string, problems: Problems): void {
  checkCount(refs, at, "DAGs", problems);
  for (const { dagId, taskIds, groupIds } of refs) {
    if (!isId(dagId)) problems.add(`${at}.dag`, dagId, idRule);
    for (const [field, ids] of [
      ["tasks", taskIds],
      ["groups", groupIds],
    ] as const) {
      checkCount(ids, `${at}.${field}`, field, problems);
      for (const id of ids) if (!isId(id)) problems.add(`${at}.${field}`, id, idRule);
    }
  }
}

function checkCount(all: readonly unknown[], at: string, what: string, problems: Problems): void {
  if (all.length > dagLimits.externalRefs)
    problems.add(at, `${all.length} ${what}`, `the limit is ${dagLimits.externalRefs}`);
}
