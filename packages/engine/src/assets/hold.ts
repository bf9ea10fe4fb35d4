/** Whether events of assets make a run (semantics 10.3). */

import { assetKey, type AssetExpression, type AssetOrAlias } from "./asset.ts";

/** What a schedule waits for, of one asset or alias: so many events. */
export type AssetNeed = { readonly of: AssetOrAlias; readonly count: number };

/** How many events of it no run has used yet; may stop counting at the number that is needed. */
export type AssetCounts = (of: AssetOrAlias) => number;

export function assetsHold(expression: AssetExpression, countOf: AssetCounts): boolean {
  switch (expression.kind) {
    case "events":
      return countOf(expression.of) >= expression.count;
    case "all_of":
      return expression.expressions.every((part) => assetsHold(part, countOf));
    case "any_of":
      return expression.expressions.some((part) => assetsHold(part, countOf));
  }
}

/** Every asset and alias of an expression once, with the largest number that some part of it needs; in its order. */
export function assetNeeds(expression: AssetExpression): AssetNeed[] {
  const needs = new Map<string, AssetNeed>();
  for (const { of, count } of leavesOf(expression)) {
    const key = assetKey(of);
    needs.set(key, { of, count: Math.max(count, needs.get(key)?.count ?? 0) });
  }
  return [...needs.values()];
}

export function leavesOf(expression: AssetExpression): AssetNeed[] {
  if (expression.kind === "events") return [expression];
  return expression.expressions.flatMap(leavesOf);
}
