/** Assets that DAGs have by name: which ones they are. */

import type { DagSpec, Schedule } from "../spec/spec.ts";
import type { AssetDefinition, AssetExpression, AssetOrAlias } from "./asset.ts";
import { assetsOf } from "../timetable/clock.ts";
import { leavesOf } from "./hold.ts";

/** Names by which a DAG has assets; each once. */
export function assetNamesOf({ tasks, schedule }: DagSpec): string[] {
  const expression = assetsOf(schedule);
  const named = [
    ...tasks.flatMap(({ outlets, inlets }) => [...outlets, ...inlets]),
    ...(expression === null ? [] : leavesOf(expression).map(({ of }) => of)),
  ];
  const names = named.flatMap((of) => (of.kind === "asset" && of.uri === "" ? [of.name] : []));
  return [...new Set(names)];
}

/**
 * The same DAG with the assets themselves in the place of their names.
 *
 * @param uris by name: all of `assetNamesOf`
 */
export function withNamedAssets(spec: DagSpec, uris: ReadonlyMap<string, string>): DagSpec {
  const found = (name: string): string => uris.get(name) ?? name;
  const resolve = (of: AssetOrAlias): AssetOrAlias =>
    of.kind === "asset" && of.uri === "" ? resolved(of, found(of.name)) : of;
  return {
    ...spec,
    tasks: spec.tasks.map((task) => ({
      ...task,
      outlets: task.outlets.map(resolve),
      inlets: task.inlets.map(resolve),
    })),
    schedule: withNamed(spec.schedule, resolve, found),
  };
}

function resolved(of: AssetDefinition, uri: string): AssetDefinition {
  return { ...of, uri };
}

function withNamed(
  schedule: Schedule | null,
  resolve: (of: AssetOrAlias) => AssetOrAlias,
  uriOf: (name: string) => string,
): Schedule | null {
  const expression = assetsOf(schedule);
  if (schedule === null || expression === null) return schedule;
  const found = inExpression(expression, resolve);
  if (schedule.kind === "assets" || schedule.kind === "asset_or_time")
    return { ...schedule, expression: found };
  if (schedule.kind !== "partitioned_assets") return schedule;
  const mappings = schedule.mappings.map((mapping) =>
    mapping.uri === "" ? { ...mapping, uri: uriOf(mapping.name), name: "" } : mapping,
  );
  return { ...schedule, expression: found, mappings };
}

function inExpression(
  expression: AssetExpression,
  resolve: (of: AssetOrAlias) => AssetOrAlias,
): AssetExpression {
  if (expression.kind === "events") return { ...expression, of: resolve(expression.of) };
  return {
    ...expression,
    expressions: expression.expressions.map((one) => inExpression(one, resolve)),
  };
}
