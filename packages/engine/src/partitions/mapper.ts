/** From the partition key of an event to those of a DAG's runs, as data (semantics 10.6). `map.ts` says what each does. */

import type { AssetExpression } from "../assets/asset.ts";

/** What gives the runs of a cron schedule partition keys. */
export type CronPartition = {
  /** Empty for `defaultPartitionFormat`. */
  readonly format: string;
  /** So many fires later; below 0, earlier. */
  readonly offset: number;
};

/** Lengths of time of the calendar, shortest first. Weeks begin on Monday. */
export const partitionUnits = ["hour", "day", "week", "month", "quarter", "year"] as const;
export type PartitionUnit = (typeof partitionUnits)[number];

/** How dates are read out of the keys of events and written into those of runs. */
export type PartitionDates = {
  /** Empty for ISO 8601, to whatever unit. */
  readonly inputFormat: string;
  /** Empty for the shortest ISO 8601 of the unit. */
  readonly outputFormat: string;
  /** In which days begin; of the keys of runs. */
  readonly timezone: string;
  /** Of the keys of events that say no offset; empty for `timezone`. */
  readonly inputTimezone: string;
};

export type PartitionMapper =
  | { readonly kind: "identity" }
  /** The hour, day, … that the key's date lies in. */
  | { readonly kind: "start_of"; readonly unit: PartitionUnit; readonly dates: PartitionDates }
  /** Each part of the key between "|" by a mapper of its own. */
  | { readonly kind: "product"; readonly mappers: readonly PartitionMapper[] }
  /** One after the other. */
  | { readonly kind: "chain"; readonly mappers: readonly PartitionMapper[] }
  /** The same key, if it is one of these. */
  | { readonly kind: "allowed_keys"; readonly keys: readonly string[] }
  | { readonly kind: "fixed_key"; readonly key: string }
  /** Each of these keys. */
  | { readonly kind: "each_of"; readonly keys: readonly string[] }
  /** Each of the shorter steps of the key's longer window. */
  | {
      readonly kind: "fan_out";
      readonly window: PartitionUnit;
      readonly step: PartitionUnit;
      readonly dates: PartitionDates;
    }
  /** The window that the key's date lies in; holds when so many of its steps have come. */
  | {
      readonly kind: "rollup";
      readonly window: PartitionUnit;
      readonly step: PartitionUnit;
      readonly dates: PartitionDates;
      /** Null for all. */
      readonly atLeast: number | null;
    }
  /** Always the same key; holds when so many of these have come. */
  | {
      readonly kind: "segments";
      readonly keys: readonly string[];
      readonly to: string;
      /** Null for all. */
      readonly atLeast: number | null;
    };

/** How events of an asset are mapped. */
export type AssetPartitionMapping = {
  /** Empty where the expression has the asset by name. */
  readonly uri: string;
  /** Its name, with an empty uri. */
  readonly name: string;
  readonly mapper: PartitionMapper;
};

/** A schedule on events of assets that have a partition key, for each key of the DAG's runs by itself. */
export type PartitionedAssetSchedule = {
  readonly kind: "partitioned_assets";
  readonly expression: AssetExpression;
  /** Assets that have none are mapped by identity. */
  readonly mappings: readonly AssetPartitionMapping[];
};

const identity: PartitionMapper = { kind: "identity" };

/** How a schedule maps events of an asset. */
export function mapperOf(
  { mappings }: Pick<PartitionedAssetSchedule, "mappings">,
  of: { readonly uri: string; readonly name: string },
): PartitionMapper {
  const found = mappings.find(({ uri, name }) =>
    uri === "" ? of.uri === "" && name === of.name : uri === of.uri,
  );
  return found?.mapper ?? identity;
}

/** Whether a key waits for several events by it. */
export function waitsForMany(mapper: PartitionMapper): boolean {
  if ("mappers" in mapper) return mapper.mappers.some(waitsForMany);
  return mapper.kind === "rollup" || mapper.kind === "segments";
}
