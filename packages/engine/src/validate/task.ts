/** Rules for one task by itself. */

import { checkTaskAssets } from "../assets/validate-assets.ts";
import { dagLimits } from "../spec/dag-limits.ts";
import { idRule, isId, queueRule } from "../spec/ids.ts";
import { readSchema } from "../spec/json-schema.ts";
import type { Problems } from "../spec/problems.ts";
import type { SensorSpec, TaskSpec } from "../spec/spec.ts";
import { checkCallbacks } from "./callbacks.ts";
import { checkControlFields } from "./control.ts";
import { checkExternal } from "../external/validate-external.ts";
import { checkDeadlines } from "./deadlines.ts";

export function checkTask(task: TaskSpec, problems: Problems): void {
  const at = `tasks["${task.id}"]`;
  if (!isId(task.id)) problems.add(`${at}.id`, task.id, idRule);
  if (!["bundle", "external"].includes(task.kind))
    problems.add(
      `${at}.kind`,
      task.kind,
      'write "bundle" for a function of the bundle, "external" for a worker\'s handler',
    );
  if (task.handler === "" || task.handler.length > dagLimits.lineLength)
    problems.add(
      `${at}.handler`,
      task.handler,
      "name the function, or the handler that a worker announces",
    );
  if (!isId(task.queue)) problems.add(`${at}.queue`, task.queue, queueRule);
  checkControlFields(task, at, problems);
  if (!["thread", "process"].includes(task.isolation))
    problems.add(`${at}.isolation`, task.isolation, 'write "thread" or "process"');
  checkNumbers(task, at, problems);
  if (task.sensor !== null) checkSensor(task.sensor, `${at}.sensor`, problems);
  checkTexts(task, at, problems);
  checkCallbacks(task.callbacks, `${at}.`, problems);
  checkExternal(task, at, problems);
  checkDeadlines(task.deadlines, `${at}.`, problems);
  checkPastDecider(task, at, problems);
  checkTaskAssets(task, at, problems);
}

function checkPastDecider({ pastDecider }: TaskSpec, at: string, problems: Problems): void {
  if (pastDecider !== null && pastDecider.length > dagLimits.lineLength)
    problems.add(
      `${at}.pastDecider`,
      pastDecider,
      `the name of a function has at most ${dagLimits.lineLength} characters`,
    );
}

function checkNumbers(task: TaskSpec, at: string, problems: Problems): void {
  const { retries, retryBackoff, priorityWeight } = task;
  if (!Number.isInteger(retries) || retries < 0 || retries > dagLimits.retries)
    problems.add(`${at}.retries`, retries, `write a whole number from 0 to ${dagLimits.retries}`);
  if (!(retryBackoff === 0 || (retryBackoff >= 1 && retryBackoff <= dagLimits.retryBackoff)))
    problems.add(
      `${at}.retryBackoff`,
      retryBackoff,
      `write 1 to keep the delay, or a factor up to ${dagLimits.retryBackoff}`,
    );
  if (!Number.isInteger(priorityWeight) || Math.abs(priorityWeight) > dagLimits.priorityWeight)
    problems.add(
      `${at}.priorityWeight`,
      priorityWeight,
      `write a whole number up to ${dagLimits.priorityWeight}`,
    );
  checkDuration(problems, `${at}.retryDelay`, task.retryDelayMs, 0);
  checkDuration(problems, `${at}.maxRetryDelay`, task.maxRetryDelayMs, 0);
  if (task.executionTimeoutMs !== null)
    checkDuration(problems, `${at}.executionTimeout`, task.executionTimeoutMs, 1);
}

function checkSensor(sensor: SensorSpec, at: string, problems: Problems): void {
  if (!["poke", "reschedule"].includes(sensor.mode))
    problems.add(`${at}.mode`, sensor.mode, 'write "poke" or "reschedule"');
  checkDuration(problems, `${at}.interval`, sensor.intervalMs, 1);
  checkDuration(problems, `${at}.timeout`, sensor.timeoutMs, 0);
  if (sensor.maxIntervalMs !== null)
    checkDuration(problems, `${at}.maxInterval`, sensor.maxIntervalMs, 1);
}

function checkDuration(problems: Problems, field: string, ms: number, least: 0 | 1): void {
  if (Number.isFinite(ms) && ms >= least && ms <= dagLimits.durationMs) return;
  const rule = least === 0 ? "a duration is not negative" : "a duration is at least a millisecond";
  problems.add(field, `${ms} ms`, `${rule} and at most ten years`);
}

function checkTexts(task: TaskSpec, at: string, problems: Problems): void {
  if (task.docs.length > dagLimits.docsLength)
    problems.add(
      `${at}.docs`,
      `${task.docs.length} characters`,
      `the limit is ${dagLimits.docsLength}; shorten it`,
    );
  if (task.mapIndexTemplate.length > dagLimits.templateLength)
    problems.add(
      `${at}.mapIndexTemplate`,
      `${task.mapIndexTemplate.length} characters`,
      `the limit is ${dagLimits.templateLength}; shorten it`,
    );
  if (task.owner.length > dagLimits.lineLength)
    problems.add(
      `${at}.owner`,
      `${task.owner.length} characters`,
      `the limit is ${dagLimits.lineLength}; shorten it`,
    );
  for (const [field, text] of schemasOf(task))
    if (text.length > dagLimits.schemaBytes || readSchema(text) === null)
      problems.add(
        `${at}.${field}`,
        text,
        "it is not a JSON Schema; write a JSON object, or leave it out",
      );
  checkEnv(task, at, problems);
}

function schemasOf(task: TaskSpec): [field: string, text: string][] {
  const found: [string, string][] =
    task.resultSchema === null ? [] : [["resultSchema", task.resultSchema]];
  for (const [ix, text] of task.argSchemas.entries())
    if (text !== null) found.push([`argSchemas[${ix}]`, text]);
  return found;
}

function checkEnv(task: TaskSpec, at: string, problems: Problems): void {
  const entries = Object.entries(task.env);
  if (entries.length > dagLimits.envEntries)
    problems.add(`${at}.env`, `${entries.length} entries`, `the limit is ${dagLimits.envEntries}`);
  for (const [name, value] of entries) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      problems.add(
        `${at}.env`,
        name,
        "an environment variable has letters, digits and _, and begins with no digit",
      );
    if (value.length > dagLimits.envLength || value.includes("\0"))
      problems.add(
        `${at}.env.${name}`,
        `${value.length} characters`,
        `at most ${dagLimits.envLength} and no NUL`,
      );
  }
}
