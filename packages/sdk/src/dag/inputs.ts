/** Inputs: dated instances of assets that the runs of a DAG wait for. */

import {
  inputLimits,
  MillraceError,
  type AssetDefinition,
  type DatedAsset as DatedAssetSpec,
  type InputTerm as InputTermSpec,
} from "@millrace/engine";
import {
  allOf as allOfAssets,
  isAssetOrAlias,
  type Asset,
  type AssetCondition,
  type AssetRule,
} from "../assets/asset.ts";
import type { Duration } from "../options/duration.ts";
import type { Instant } from "../options/instant.ts";
import {
  instant,
  integer,
  positiveDuration,
  readOptions,
  refuseOption,
  text,
  type Read,
} from "../options/read-options.ts";

declare const made: unique symbol;

/** What `dated(…)` makes. */
export type DatedAsset = DatedAssetSpec & { readonly [made]?: "dated" };

/** What `instances(…)`, `latest(…)`, `firstOf(…)`, `combine(…)` and, of these, `allOf(…)` make. */
export type InputTerm = InputTermSpec & { readonly [made]?: "input" };

/** Terms by the names under which bodies find them: all are needed. */
export type NamedInputs = { readonly [name: string]: InputTerm };

/** What the option `inputs` takes. */
export type Inputs = InputTerm | NamedInputs;

/** What is enough of a term. Terms within it have the same, unless they say otherwise. */
export type EnoughOptions = {
  /** So many instances will do. Default: all of them. */
  readonly min?: number;
  /**
   * Once there are `min`, so long for more. Of an alternative of `firstOf` that has no `min`: so long, from when the run was
   * made, before the next alternative counts.
   */
  readonly wait?: Duration;
};

export type DatedOptions = {
  /** When instances are due: a cron expression or a preset, such as "@hourly". */
  readonly every: string;
  /** IANA zone of the expression, and of the dates that partition keys tell. Default "UTC". */
  readonly timezone?: string;
  /** How a partition key tells an instance's date, as in `cron(…, { partition })`. Default "YYYY-MM-DDTHH:mm:ss". */
  readonly format?: string;
  /** There are no instances before this; runs near it wait for fewer. Default: no bound. */
  readonly from?: Instant;
};

/**
 * An asset that comes in instances, one for each date: an event of the asset whose partition key tells the date is the instance.
 *
 * @example const clicks = dated(asset("s3://bucket/clicks"), { every: "@hourly" });
 * @throws MillraceError DAG_INVALID
 */
export function dated(of: Asset, options: DatedOptions): DatedAsset {
  if (!isAssetOrAlias(of) || of.kind !== "asset")
    return refuseOption("dated: asset", of, "asset(…)");
  const read = readOptions<ReadDated>(options ?? {}, datedReaders, "dated");
  const { every, timezone = "UTC", format = "", from = null } = read;
  if (every === undefined)
    return refuseOption('dated: option "every"', every, 'a cron expression, such as "@hourly"');
  const asset: AssetDefinition = { ...of };
  return { asset, every, timezone, format, from };
}

export type InstancesOptions = EnoughOptions & {
  /** The first and the last instance, counted in the asset's own steps: 0 is the newest at the end of the data interval. */
  readonly from?: number;
  /** Default 0. */
  readonly to?: number;
};

/**
 * Instances around the end of the run's data interval; without one around its logical date, else around the moment it was due.
 *
 * @example instances(clicks, { from: -24, to: -1, min: 20, wait: "30m" })
 * @throws MillraceError DAG_INVALID
 */
export function instances(of: DatedAsset, options: InstancesOptions = {}): InputTerm {
  const read = readOptions<ReadInstances>(options, instancesReaders, "instances");
  const { to = 0, from = Math.min(0, to) } = read;
  return { kind: "instances", of: requireDated(of, "instances"), from, to, ...enough(read) };
}

export type LatestOptions = EnoughOptions & {
  /** How many. Default 1. */
  readonly count?: number;
  /** How many steps of the asset are looked back. Default 1,000, or `count` if that is more; at most 10,000. */
  readonly within?: number;
};

/**
 * The newest instances that exist, whatever is missing between them, up to the end of the run's data interval.
 *
 * @throws MillraceError DAG_INVALID
 */
export function latest(of: DatedAsset, options: LatestOptions = {}): InputTerm {
  const read = readOptions<ReadLatest>(options, latestReaders, "latest");
  const { count = 1, within = Math.max(count, inputLimits.latestWithin) } = read;
  return { kind: "latest", of: requireDated(of, "latest"), count, within, ...enough(read) };
}

/** What `allOf`, `firstOf` and `combine` take: terms, and at the end what is enough of them. */
type Terms<T> = readonly [...terms: T[], last: T | EnoughOptions];

/**
 * Holds when all of these do: of terms of inputs, and of conditions of a schedule. A record of terms means the same.
 *
 * @throws MillraceError DAG_INVALID
 */
export function allOf(first: AssetCondition, ...others: readonly AssetCondition[]): AssetRule;
export function allOf(...terms: Terms<Inputs>): InputTerm;
export function allOf(...given: readonly unknown[]): AssetRule | InputTerm {
  if (given.some(isInputs)) return join("all_of", "allOf", given);
  return allOfAssets(...(given as [AssetCondition, ...AssetCondition[]]));
}

/**
 * The first of these that is there, in order of preference.
 *
 * @example firstOf(instances(primary, { wait: "1h" }), instances(backup))
 * @throws MillraceError DAG_INVALID
 */
export function firstOf(...terms: Terms<Inputs>): InputTerm {
  return join("first_of", "firstOf", terms);
}

/**
 * One set of instances: one that the first asset lacks is taken from the next. All are `instances(…)` of the same range and
 * period.
 *
 * @example combine(instances(primary, { from: -5 }), instances(backup, { from: -5 }), { min: 4, wait: "10m" })
 * @throws MillraceError DAG_INVALID
 */
export function combine(...terms: Terms<InputTerm>): InputTerm {
  return join("combine", "combine", terms);
}

function join(
  kind: "all_of" | "first_of" | "combine",
  word: string,
  given: readonly unknown[],
): InputTerm {
  const last = given.at(-1);
  const hasOptions =
    given.length > 1 && !isInputs(last) && typeof last === "object" && last !== null;
  const read = readOptions<ReadEnough>(hasOptions ? last : {}, enoughReaders, word);
  const parts = (hasOptions ? given.slice(0, -1) : given).map((one) => termOf(one, word));
  return { kind, terms: parts, ...enough(read) };
}

/** @throws MillraceError DAG_INVALID */
function termOf(of: unknown, name: string): InputTerm {
  if (isTerm(of)) return of;
  if (!isNamed(of))
    return refuseOption(
      name,
      of,
      "instances(…), latest(…), firstOf(…), combine(…), allOf(…) of these, or an object of these by name",
    );
  const terms = Object.entries(of).map(([as, term]) => ({ ...term, name: as }));
  const [only, ...others] = terms;
  return others.length === 0 && only !== undefined
    ? only
    : { kind: "all_of", terms, name: "", min: null, waitMs: null };
}

function isInputs(of: unknown): boolean {
  return isTerm(of) || isNamed(of);
}

function isTerm(of: unknown): of is InputTerm {
  if (typeof of !== "object" || of === null || !("kind" in of) || !("waitMs" in of)) return false;
  return "terms" in of || of.kind === "instances" || of.kind === "latest";
}

function isNamed(of: unknown): of is NamedInputs {
  if (typeof of !== "object" || of === null || isTerm(of)) return false;
  const terms = Object.values(of);
  return terms.length > 0 && terms.every(isTerm);
}

function requireDated(of: DatedAsset, word: string): DatedAssetSpec {
  const isDated = typeof of === "object" && of !== null && "every" in of && "asset" in of;
  return isDated ? of : refuseOption(`${word}: asset`, of, "dated(…)");
}

type ReadDated = { every: string; timezone: string; format: string; from: number };
type ReadEnough = { min: number; wait: number };
type ReadInstances = ReadEnough & { from: number; to: number };
type ReadLatest = ReadEnough & { count: number; within: number };

function enough({ min = null, wait = null }: { min?: number | null; wait?: number | null }) {
  return { name: "", min, waitMs: wait };
}

const step = integer(-inputLimits.step, inputLimits.step);
const number = integer(1, inputLimits.instances);
const datedReaders = { every: text, timezone: text, format: text, from: instant };
const enoughReaders = { min: integer(0, inputLimits.instances), wait: positiveDuration };
const instancesReaders = { ...enoughReaders, from: step, to: step };
const latestReaders = { ...enoughReaders, count: number, within: number };

/** The option `inputs`. */
export const readInputs: Read<InputTermSpec> = (value, name) => {
  if (Array.isArray(value) || typeof value !== "object" || value === null)
    return refuseOption(
      name,
      value,
      "an object such as { clicks: instances(clicks, { from: -23 }) }",
    );
  if (Object.keys(value).length === 0)
    throw new MillraceError("DAG_INVALID", `${name} is empty; leave it out to wait for nothing`, {
      metadata: { field: name },
    });
  return termOf(value, name);
};
