/** Rules for what holds tasks and runs back: pools, limits of instances, rates, concurrency keys. */

import { keyPaths } from "../spec/concurrency-key.ts";
import { dagLimits } from "../spec/dag-limits.ts";
import type { Problems } from "../spec/problems.ts";
import type { ConcurrencyKey, RateLimit, TaskSpec } from "../spec/spec.ts";
import { keyBusyRules, weightRules } from "../spec/spec.ts";
import { idRule, isId } from "../spec/ids.ts";

export const poolRule = idRule.replace("an id", "the name of a pool");

export function checkTaskLimits(task: TaskSpec, problems: Problems): void {
  const at = `tasks["${task.id}"]`;
  const { pool, poolSlots, weightRule, maxActiveTis, maxActiveTisPerRun, rateLimit } = task;
  if (!isId(pool)) problems.add(`${at}.pool`, pool, poolRule);
  checkWhole(problems, `${at}.poolSlots`, poolSlots, dagLimits.poolSlots);
  if (!weightRules.includes(weightRule))
    problems.add(`${at}.weightRule`, weightRule, `write one of ${quoted(weightRules)}`);
  if (maxActiveTis !== null)
    checkWhole(problems, `${at}.maxActiveTis`, maxActiveTis, dagLimits.activeTis);
  if (maxActiveTisPerRun !== null)
    checkWhole(problems, `${at}.maxActiveTisPerRun`, maxActiveTisPerRun, dagLimits.activeTis);
  if (rateLimit !== null) checkRate(rateLimit, `${at}.rateLimit`, problems);
}

function checkRate({ key, limit, perMs }: RateLimit, at: string, problems: Problems): void {
  if (key.length === 0 || key.length > dagLimits.rateKeyLength)
    problems.add(`${at}.key`, key, `a key has 1 to ${dagLimits.rateKeyLength} characters`);
  checkWhole(problems, `${at}.limit`, limit, dagLimits.rateLimit);
  const { least, most } = dagLimits.ratePerMs;
  if (!Number.isInteger(perMs) || perMs < least || perMs > most)
    problems.add(`${at}.per`, `${perMs} ms`, "write a duration from a second to 31 days");
}

/** Two windows under one name would be two limits: within a DAG that is a mistake. */
export function checkRateKeys(tasks: readonly TaskSpec[], problems: Problems): void {
  const windows = new Map<string, number>();
  for (const { id, rateLimit } of tasks) {
    if (rateLimit === null) continue;
    const known = windows.get(rateLimit.key) ?? rateLimit.perMs;
    windows.set(rateLimit.key, known);
    if (known !== rateLimit.perMs)
      problems.add(
        `tasks["${id}"].rateLimit.per`,
        `${rateLimit.perMs} ms`,
        `another task counts the starts of the key "${rateLimit.key}" per ${known} ms; use one duration for a key`,
      );
  }
}

export function checkConcurrencyKey(
  { expression, whenBusy }: ConcurrencyKey,
  problems: Problems,
): void {
  if (!keyBusyRules.includes(whenBusy))
    problems.add("whenKeyBusy", whenBusy, `write one of ${quoted(keyBusyRules)}`);
  const isLong = expression.length > dagLimits.keyExpressionBytes;
  if (isLong || keyPaths(expression) === null)
    problems.add(
      "concurrencyKey",
      expression,
      "it refers to params of the run, and to nothing else; write (params) => params.customer",
    );
}

function checkWhole(problems: Problems, field: string, value: number, most: number): void {
  if (!Number.isInteger(value) || value < 1 || value > most)
    problems.add(field, value, `write a whole number from 1 to ${most}`);
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(", ");
}
