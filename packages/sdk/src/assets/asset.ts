/** Assets: data that tasks make and DAGs wait for. */

import {
  assetLimits,
  defaultAssetGroup,
  MillraceError,
  type AssetAliasDefinition,
  type AssetDefinition,
  type AssetExpression,
  type AssetOrAlias,
  type AssetWatcher,
} from "@millrace/engine";
import { encodeText } from "../codec/codec.ts";
import { integer, readOptions, refuseOption, text, type Read } from "../options/read-options.ts";
import { isMarked } from "../shared.ts";
import { triggerMark, type Trigger } from "../waiting/trigger.ts";
import type { TriggerSpec } from "../waiting/trigger-spec.ts";

declare const made: unique symbol;

/** What `asset(…)` makes: an outlet, an inlet, or what a DAG waits for. */
export type Asset = AssetDefinition & { readonly [made]?: "asset" };

/** What `assetAlias(…)` makes. */
export type AssetAlias = AssetAliasDefinition & { readonly [made]?: "alias" };

/** What `anyOf(…)`, `allOf(…)` and `atLeast(…)` make. */
export type AssetRule = AssetExpression & { readonly [made]?: "rule" };

/** What a schedule may wait for. */
export type AssetCondition = Asset | AssetAlias | AssetRule;

/** A condition, or a list of which all are needed. */
export type AssetConditions = AssetCondition | readonly AssetCondition[];

export type AssetOptions = {
  /** What it is: 1 to 1500 printable ASCII characters without spaces, such as "s3://bucket/orders". */
  readonly uri: string;
  /** For people; unique among assets in use. Default: the uri. */
  readonly name?: string;
  /** Sorts lists. Default "asset". */
  readonly group?: string;
  /** Facts for people: plain JSON, at most 16 KiB. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /**
   * What triggerers watch on its behalf: whatever happens there is an event of it. At most 10, of `trigger.file`,
   * `trigger.http`, `trigger.custom`, and those of @millrace/operators.
   */
  readonly watchers?: readonly Trigger<unknown>[];
  /** Which triggerers watch: those that serve this queue. Default "default". */
  readonly watcherQueue?: string;
};

/**
 * Names an asset. Two with the same uri are the same asset, in whatever files and DAGs.
 *
 * @example
 * const orders = asset("s3://bucket/orders");
 * const load = task({ outlets: [orders] }, async function load() { … });
 * export default dag("report", { schedule: orders }, …);
 * @throws MillraceError DAG_INVALID
 */
export function asset(of: string | AssetOptions): Asset {
  const options = typeof of === "string" ? { uri: of } : of;
  const read = readOptions<ReadAsset>(options ?? {}, assetReaders, "asset");
  const { watchers = [] } = read;
  const uri = read.uri || refuseOption("asset: uri", read.uri, "text, such as s3://bucket/orders");
  return {
    kind: "asset",
    uri,
    name: read.name ?? uri,
    group: read.group ?? defaultAssetGroup,
    extra: read.extra ?? "",
    ...(watchers.length > 0 && {
      watchers: watchers.map((watcher) => ({ ...watcher, queue: read.watcherQueue ?? "default" })),
    }),
  };
}

/**
 * The asset in use that has this name, wherever it is named with its uri: as an outlet, an inlet, or in a schedule. Which one
 * that is, is found when the DAG is registered, and stays; a DAG whose name nobody has is refused.
 *
 * @example dag("report", { schedule: assetNamed("orders") }, …)
 * @throws MillraceError DAG_INVALID
 */
export function assetNamed(name: string): Asset {
  const read = text(name, "assetNamed: name");
  if (read === "") return refuseOption("assetNamed: name", name, "the name of an asset");
  return { kind: "asset", uri: "", name: read, group: defaultAssetGroup, extra: "" };
}

/**
 * Stands for assets that a task names only while it runs, with `context().outlets.add(alias, asset)`. A DAG that is
 * scheduled on it runs whatever asset it turns out to be.
 *
 * @throws MillraceError DAG_INVALID
 */
export function assetAlias(name: string, options: { readonly group?: string } = {}): AssetAlias {
  const read = readOptions<{ group: string }>(options, { group: text }, "assetAlias");
  return {
    kind: "alias",
    name: text(name, "assetAlias: name"),
    group: read.group ?? defaultAssetGroup,
  };
}

/** Holds when one of these does. */
export function anyOf(first: AssetCondition, ...others: readonly AssetCondition[]): AssetRule {
  return { kind: "any_of", expressions: [first, ...others].map((one) => ruleOf(one, "anyOf")) };
}

/** Holds when all of these do. A list in its place means the same. */
export function allOf(first: AssetCondition, ...others: readonly AssetCondition[]): AssetRule {
  return { kind: "all_of", expressions: [first, ...others].map((one) => ruleOf(one, "allOf")) };
}

/** Holds when so many events have come, from 1 to 1000. @example allOf(rates, atLeast(3, orders)) */
export function atLeast(count: number, of: Asset | AssetAlias): AssetRule {
  const read = integer(1, assetLimits.count)(count, "atLeast: count");
  if (!isAssetOrAlias(of)) return refuseOption("atLeast: of", of, "asset(…) or assetAlias(…)");
  return { kind: "events", of: plain(of), count: read };
}

/** A rule out of whatever a schedule may wait for. @throws MillraceError DAG_INVALID */
export function ruleOf(of: unknown, name: string): AssetExpression {
  if (Array.isArray(of)) {
    if (of.length === 0) return refuseOption(name, of, "a list of at least one asset");
    const [only, ...others] = of.map((one: unknown) => ruleOf(one, name));
    return others.length === 0 ? only! : { kind: "all_of", expressions: [only!, ...others] };
  }
  if (isAssetOrAlias(of)) return { kind: "events", of: plain(of), count: 1 };
  if (isRule(of)) return of;
  return refuseOption(
    name,
    of,
    "asset(…), assetAlias(…), anyOf(…), allOf(…), atLeast(…), or a list of these",
  );
}

export function isAssetOrAlias(of: unknown): of is AssetOrAlias {
  return isOfKind(of, ["asset", "alias"]);
}

/** Whether it says what assets a schedule waits for. */
export function isCondition(of: unknown): boolean {
  return Array.isArray(of) || isAssetOrAlias(of) || isRule(of);
}

function isRule(of: unknown): of is AssetExpression {
  const isList = isOfKind(of, ["all_of", "any_of"]) && "expressions" in (of as object);
  return isList || (isOfKind(of, ["events"]) && "of" in (of as object));
}

function isOfKind(of: unknown, kinds: readonly string[]): boolean {
  return (
    typeof of === "object" && of !== null && kinds.includes((of as { kind?: string }).kind ?? "")
  );
}

/** Without what only the type system knows. */
function plain(of: AssetOrAlias): AssetOrAlias {
  return { ...of };
}

type ReadAsset = {
  uri: string;
  name: string;
  group: string;
  extra: string;
  watchers: readonly Omit<AssetWatcher, "queue">[];
  watcherQueue: string;
};

const watcherList: Read<readonly Omit<AssetWatcher, "queue">[]> = (value, name) => {
  const remedy = "a list of trigger.file(…), trigger.http(…), trigger.custom(…) and the like";
  if (!Array.isArray(value)) return refuseOption(name, value, remedy);
  return value.map((one: unknown) => {
    const spec = isMarked(one, triggerMark) ? (one[triggerMark] as TriggerSpec) : null;
    if (spec?.kind !== "watch") return refuseOption(name, one, remedy);
    const { handler, config, summary } = spec;
    return { handler, config: encodeText(config), summary };
  });
};

const extraText: Read<string> = (value, name) => {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return refuseOption(name, value, "an object of plain JSON");
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw new MillraceError("DAG_INVALID", `${name} is no plain JSON: ${String(error)}`, {
      metadata: { field: name },
      cause: error,
    });
  }
};

const assetReaders = {
  uri: text,
  name: text,
  group: text,
  extra: extraText,
  watchers: watcherList,
  watcherQueue: text,
};

/** Outlets or inlets of a task. */
export const assetList: Read<readonly AssetOrAlias[]> = (value, name) => {
  if (!Array.isArray(value))
    return refuseOption(name, value, "a list of asset(…) and assetAlias(…)");
  return value.map((one: unknown) =>
    isAssetOrAlias(one) ? plain(one) : refuseOption(name, one, "asset(…) or assetAlias(…)"),
  );
};
