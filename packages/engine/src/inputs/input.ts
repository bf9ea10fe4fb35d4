/** Inputs of a DAG: dated instances of assets that its runs wait for. */

import type { AssetDefinition } from "../assets/asset.ts";

/** An asset that comes in instances, one for each fire of a cron expression; each is an event with a partition key. */
export type DatedAsset = {
  readonly asset: AssetDefinition;
  /** A cron expression or a preset. */
  readonly every: string;
  /** IANA zone of the expression, and of the dates that partition keys tell. */
  readonly timezone: string;
  /** How a partition key tells the date, as of partitions; empty for theirs. */
  readonly format: string;
  /** The first instance there ever was is at or after this, in milliseconds since 1970; null for no bound. */
  readonly from: number | null;
};

/** What is enough of a term. Those below it have the same, unless they say otherwise. */
type Enough = {
  /** So many instances will do; null for all. */
  readonly min: number | null;
  /**
   * Once there are `min`, so long for more; and of an alternative that has no `min`, so long before those after it count.
   * Null for not at all.
   */
  readonly waitMs: number | null;
};

/** What a run waits for, and is given. */
export type InputTerm = Enough & {
  /** Under which bodies find its instances; empty where a term around it has the name. */
  readonly name: string;
} & (
    | {
        /** Instances counted in the asset's own steps: 0 is the newest at the end of the run's data interval. */
        readonly kind: "instances";
        readonly of: DatedAsset;
        readonly from: number;
        readonly to: number;
      }
    | {
        /** The newest that exist, among the last `within` up to the end of the run's data interval. */
        readonly kind: "latest";
        readonly of: DatedAsset;
        readonly count: number;
        readonly within: number;
      }
    | {
        /**
         * All of them; the first that holds, in order of preference; or one set, of which an instance that the first lacks is
         * taken from the next.
         */
        readonly kind: "all_of" | "first_of" | "combine";
        readonly terms: readonly InputTerm[];
      }
  );

export const inputOrders = ["oldest", "newest", "last", "none"] as const;
/**
 * Which of a DAG's runs whose inputs are there starts first: the oldest or the newest. With "last" older ones than that which
 * has its inputs are left out, with "none" all that could not start within a minute.
 */
export type InputOrder = (typeof inputOrders)[number];

export type InputsSpec = {
  readonly term: InputTerm;
  /** A run that waits for longer fails; null for no limit. */
  readonly timeoutMs: number | null;
  readonly order: InputOrder;
};

export const inputLimits = {
  /** Instances that the inputs of one run may ask about. */
  instances: 10_000,
  /** Terms of one DAG, and levels of them. */
  terms: 100,
  depth: 10,
  nameLength: 250,
  /** Steps from the end of the data interval, either way. */
  step: 1_000_000,
  /** How far `latest` looks back when nobody says. */
  latestWithin: 1_000,
  /** Runs of a DAG that wait for inputs; a tick that comes then waits, too. And instances that they ask about in all. */
  waitingRuns: 1_000,
  waitingInstances: 1_000_000,
  /** With the order "none" a run that has not started so long after it was due is left out. */
  noneToleranceMs: 60_000,
  /** Instances that are named as missing, of each term. */
  named: 20,
} as const;

/** One instance of a dated asset. */
export type DatedInstance = {
  readonly uri: string;
  readonly partitionKey: string;
  /** Milliseconds since 1970. */
  readonly date: number;
};

/** What a run was given: its instances by name, each list by date. */
export type RunInstances = Readonly<Record<string, readonly DatedInstance[]>>;
