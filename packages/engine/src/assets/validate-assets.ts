/** Says what is wrong with the assets of a DAG. */

import { readSchema } from "../spec/json-schema.ts";
import type { Problems } from "../spec/problems.ts";
import type { TaskSpec } from "../spec/spec.ts";
import {
  assetKey,
  assetLimits,
  type AssetExpression,
  type AssetOrAlias,
  type AssetWatcher,
} from "./asset.ts";
import { leavesOf } from "./hold.ts";

const printable = /^[\x21-\x7e]+$/;
const uriRule = `a uri has 1 to ${assetLimits.uriLength} printable ASCII characters and no spaces`;
const nameRule = `a name has 1 to ${assetLimits.nameLength} characters, and none that controls a terminal`;

export function checkTaskAssets(task: TaskSpec, at: string, problems: Problems): void {
  for (const field of ["outlets", "inlets"] as const) {
    const list = task[field];
    if (list.length > assetLimits.perTask)
      problems.add(
        `${at}.${field}`,
        list.length,
        `a task has at most ${assetLimits.perTask}; use several tasks`,
      );
    const seen = new Set<string>();
    for (const [n, of] of list.entries()) {
      checkAsset(of, `${at}.${field}[${n}]`, problems);
      const key = assetKey(of);
      if (seen.has(key))
        problems.add(`${at}.${field}[${n}]`, key, "it is there twice; leave one of them out");
      seen.add(key);
    }
  }
}

export function checkExpressionOfAssets(expression: AssetExpression, problems: Problems): void {
  const field = "schedule.assets";
  const depth = depthOf(expression);
  if (depth > assetLimits.depth)
    problems.add(field, `${depth} levels`, `the limit is ${assetLimits.depth}; flatten it`);
  const leaves = leavesOf(expression);
  if (leaves.length > assetLimits.perSchedule)
    problems.add(
      field,
      `${leaves.length} assets`,
      `the limit is ${assetLimits.perSchedule}; wait for one that a task makes from many`,
    );
  if (hasEmpty(expression))
    problems.add(field, "an empty list", "allOf and anyOf need at least one asset");
  for (const { of, count } of leaves.slice(0, assetLimits.perSchedule)) {
    checkAsset(of, field, problems);
    if (!Number.isInteger(count) || count < 1 || count > assetLimits.count)
      problems.add(
        `${field}.atLeast`,
        count,
        `write a whole number from 1 to ${assetLimits.count}`,
      );
  }
}

export function checkAsset(of: AssetOrAlias, at: string, problems: Problems): void {
  if (of.kind === "asset" && of.uri === "" && of.name !== "") {
    if (!isName(of.name)) problems.add(`${at}.name`, of.name, nameRule);
  } else if (of.kind === "asset") {
    if (of.uri.length > assetLimits.uriLength || !printable.test(of.uri))
      problems.add(`${at}.uri`, of.uri, uriRule);
    else if (/^(airflow|millrace):/i.test(of.uri))
      problems.add(`${at}.uri`, of.uri, "its scheme is reserved; write another one");
    if (of.name !== of.uri && !isName(of.name)) problems.add(`${at}.name`, of.name, nameRule);
    if (of.extra !== "") {
      const isObject = of.extra.length <= assetLimits.extraBytes && readSchema(of.extra) !== null;
      if (!isObject)
        problems.add(
          `${at}.extra`,
          of.extra,
          `it is no JSON object of at most ${assetLimits.extraBytes} bytes; write a smaller one, or leave it out`,
        );
    }
    checkWatchers(of.watchers ?? [], `${at}.watchers`, problems);
  } else if (!isName(of.name)) problems.add(`${at}.name`, of.name, nameRule);
  if (!isName(of.group))
    problems.add(`${at}.group`, of.group, nameRule.replace("a name", "a group"));
}

function checkWatchers(watchers: readonly AssetWatcher[], at: string, problems: Problems): void {
  const { watchersPerAsset, watcherHandlerLength, watcherSummaryLength, watcherConfigBytes } =
    assetLimits;
  if (watchers.length > watchersPerAsset)
    problems.add(
      at,
      watchers.length,
      `an asset has at most ${watchersPerAsset}; use several assets`,
    );
  for (const [n, { handler, config, summary, queue }] of watchers.entries()) {
    if (!isText(handler, watcherHandlerLength))
      problems.add(`${at}[${n}].handler`, handler, `write 1 to ${watcherHandlerLength} characters`);
    if (!isText(summary, watcherSummaryLength))
      problems.add(`${at}[${n}].summary`, summary, `write 1 to ${watcherSummaryLength} characters`);
    if (!isText(queue, assetLimits.nameLength))
      problems.add(`${at}[${n}].queue`, queue, `write 1 to ${assetLimits.nameLength} characters`);
    if (config.length > watcherConfigBytes)
      problems.add(
        `${at}[${n}].config`,
        `${config.length} bytes`,
        `the limit is ${watcherConfigBytes}; say less`,
      );
  }
}

function isText(text: string, max: number): boolean {
  return text.length > 0 && text.length <= max && !/\p{Cc}/u.test(text);
}

function isName(name: string): boolean {
  return name.length > 0 && name.length <= assetLimits.nameLength && !/\p{Cc}/u.test(name);
}

function depthOf(expression: AssetExpression): number {
  if (expression.kind === "events") return 1;
  return 1 + expression.expressions.reduce((depth, part) => Math.max(depth, depthOf(part)), 0);
}

function hasEmpty(expression: AssetExpression): boolean {
  if (expression.kind === "events") return false;
  return expression.expressions.length === 0 || expression.expressions.some(hasEmpty);
}
