/** Says what is wrong with a DAG before anything of it is stored. */

import { dagLimits } from "../spec/dag-limits.ts";
import { idRule, isId, queueRule } from "../spec/ids.ts";
import { checkInputs } from "../inputs/validate-inputs.ts";
import { readSchema } from "../spec/json-schema.ts";
import { mapScopesOf } from "../graph/map-scope.ts";
import type { Problem, Problems } from "../spec/problems.ts";
import { collectProblems } from "../spec/problems.ts";
import { reachOf } from "./reach.ts";
import type { DagSpec, TaskSpec } from "../spec/spec.ts";
import { checkArgs } from "./args.ts";
import { checkCallbacks } from "./callbacks.ts";
import { checkControl } from "./control.ts";
import { checkDeadlines } from "./deadlines.ts";
import { checkEdges, checkGroups } from "./graph.ts";
import { checkConcurrencyKey, checkRateKeys, checkTaskLimits } from "./limits.ts";
import { checkMappings } from "./mapping.ts";
import { checkSchedule } from "./schedule.ts";
import { checkTask } from "./task.ts";

/** Every problem of a DAG, at most 100, in the order of its fields; empty when it may be registered. Never throws. */
export function validateDagSpec(spec: DagSpec): Problem[] {
  const problems = collectProblems();
  checkHead(spec, problems);
  checkSchedule(spec, problems);
  checkInputs(spec, problems);
  if (spec.tasks.length > dagLimits.tasks || spec.edges.length > dagLimits.edges)
    return problems.list;
  const tasks = new Map<string, TaskSpec>();
  for (const task of spec.tasks) {
    checkTask(task, problems);
    checkTaskLimits(task, problems);
    if (tasks.has(task.id))
      problems.add(
        `tasks["${task.id}"].id`,
        task.id,
        "another task has this id; give one of them its own",
      );
    tasks.set(task.id, task);
  }
  checkRateKeys(spec.tasks, problems);
  const groupsAreSound = checkGroups(spec, tasks, problems);
  checkEdges(spec, tasks, problems);
  // Which instances a reference means depends on the groups around both ends.
  if (!groupsAreSound || problems.list.length >= dagLimits.problems) return problems.list;
  const scopes = mapScopesOf(spec);
  const facts = { spec, tasks, scopes, reach: reachOf(spec), problems };
  checkMappings(facts);
  checkControl(facts);
  checkArgs(facts);
  return problems.list;
}

function checkHead(spec: DagSpec, problems: Problems): void {
  const { tasks, edges, tags } = spec;
  if (!isId(spec.dagId)) problems.add("dagId", spec.dagId, idRule);
  if (tasks.length === 0)
    problems.add(
      "tasks",
      tasks.length,
      "a DAG has at least one task; call a task in its wire function",
    );
  if (tasks.length > dagLimits.tasks)
    problems.add("tasks", tasks.length, `a DAG has at most ${dagLimits.tasks} tasks; split it`);
  if (edges.length > dagLimits.edges)
    problems.add(
      "edges",
      edges.length,
      `a DAG has at most ${dagLimits.edges} edges; gather wide joins in a task between`,
    );
  if (tags.length > dagLimits.tags)
    problems.add("tags", tags.length, `a DAG has at most ${dagLimits.tags} tags; drop some`);
  for (const tag of tags)
    if (tag.length === 0 || tag.length > dagLimits.tagLength)
      problems.add("tags", tag, `a tag has 1 to ${dagLimits.tagLength} characters`);
  checkLength(problems, "description", spec.description, dagLimits.lineLength);
  checkLength(problems, "owner", spec.owner, dagLimits.lineLength);
  checkLength(problems, "docs", spec.docs, dagLimits.docsLength);
  checkLength(problems, "source", spec.source, dagLimits.sourceBytes);
  checkLimit(problems, "maxActiveRuns", spec.maxActiveRuns, dagLimits.activeRuns);
  checkLimit(problems, "maxActiveTasks", spec.maxActiveTasks, dagLimits.activeTasks);
  if (spec.maxActiveTasksPerDag !== null)
    checkLimit(problems, "maxActiveTasksPerDag", spec.maxActiveTasksPerDag, dagLimits.activeTasks);
  if (spec.concurrencyKey !== null) checkConcurrencyKey(spec.concurrencyKey, problems);
  checkDuration(problems, "dagrunTimeout", spec.dagrunTimeoutMs);
  if (spec.paramsSchema !== null && !isSchema(spec.paramsSchema))
    problems.add(
      "paramsSchema",
      spec.paramsSchema,
      "it is not a JSON Schema; write a JSON object, or leave it out",
    );
  checkCallbacks(spec.callbacks, "", problems);
  checkDeadlines(spec.deadlines, "", problems);
  if (!isId(spec.callbackQueue)) problems.add("callbackQueue", spec.callbackQueue, queueRule);
  checkDuration(problems, "startingDeadline", spec.startingDeadlineMs);
  const failed = spec.maxConsecutiveFailedRuns;
  if (!Number.isInteger(failed) || failed < 0 || failed > dagLimits.failedRuns)
    problems.add(
      "maxConsecutiveFailedRuns",
      failed,
      `write a whole number from 0 (never) to ${dagLimits.failedRuns}`,
    );
  checkHistory(spec, problems);
  if (spec.startDate !== null && spec.endDate !== null && spec.startDate > spec.endDate)
    problems.add(
      "endDate",
      new Date(spec.endDate),
      `it is before startDate (${new Date(spec.startDate).toISOString()}); swap them`,
    );
}

function checkLength(problems: Problems, field: string, text: string, limit: number): void {
  if (text.length > limit)
    problems.add(field, `${text.length} characters`, `the limit is ${limit}; shorten it`);
}

function checkLimit(problems: Problems, field: string, value: number, limit: number): void {
  if (!Number.isInteger(value) || value < 1 || value > limit)
    problems.add(field, value, `write a whole number from 1 to ${limit}`);
}

function checkDuration(problems: Problems, field: string, value: number | null): void {
  if (value === null) return;
  if (!Number.isFinite(value) || value <= 0 || value > dagLimits.durationMs)
    problems.add(field, `${value} ms`, "a duration is longer than nothing and at most ten years");
}

function isSchema(text: string): boolean {
  return text.length <= dagLimits.schemaBytes && readSchema(text) !== null;
}

function checkHistory(spec: DagSpec, problems: Problems): void {
  const { keptSuccessfulRuns: successful, keptFailedRuns: failed } = spec;
  const row = spec.maxConsecutiveFailedRuns;
  for (const [field, kept] of Object.entries({ successful, failed }))
    if (kept !== null && (!Number.isInteger(kept) || kept < 0 || kept > dagLimits.keptRuns))
      problems.add(
        `history.${field}`,
        kept,
        `keep 0 to ${dagLimits.keptRuns} runs, or leave it out to keep all`,
      );
  if (row > 0 && successful === 0)
    problems.add(
      "history.successful",
      0,
      "maxConsecutiveFailedRuns counts from it; keep at least 1",
    );
  if (failed !== null && failed < row)
    problems.add("history.failed", failed, `maxConsecutiveFailedRuns counts ${row}; keep as many`);
}
