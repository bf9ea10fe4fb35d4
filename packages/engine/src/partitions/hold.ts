/** Whether the events that are mapped to a key make a run with it (semantics 10.6). */

import { assetsHold } from "../assets/hold.ts";
import type { AssetOrAlias } from "../assets/asset.ts";
import {
  assetProgress,
  assetReasons,
  type AssetParts,
  type AssetProgress,
} from "../assets/progress.ts";
import type { Reason } from "../admission/reasons.ts";
import { mapperOf, type PartitionedAssetSchedule } from "./mapper.ts";
import { partsNeeded } from "./map.ts";

/** What there is of an asset for a key: events, and of how many different parts of the key. */
export type PartitionHave = { readonly events: number; readonly parts: number };

/** By uri. */
export type PartitionHaves = (uri: string) => PartitionHave;

export function partitionHolds(
  schedule: PartitionedAssetSchedule,
  key: string,
  haves: PartitionHaves,
): boolean {
  return assetsHold(schedule.expression, (of) => {
    const { events } = haveOf(of, haves);
    const parts = partsOf(schedule, key, haves)(of);
    return parts === null || parts.have >= parts.need ? events : 0;
  });
}

/** How far a key is, asset by asset. */
export function partitionProgress(
  schedule: PartitionedAssetSchedule,
  key: string,
  haves: PartitionHaves,
): AssetProgress {
  return assetProgress(
    schedule.expression,
    (of) => haveOf(of, haves).events,
    partsOf(schedule, key, haves),
  );
}

function partsOf(
  schedule: PartitionedAssetSchedule,
  key: string,
  haves: PartitionHaves,
): (of: AssetOrAlias) => AssetParts | null {
  return (of) => {
    if (of.kind === "alias") return null;
    const needed = partsNeeded(mapperOf(schedule, of), key);
    return needed === null ? null : { ...needed, have: haveOf(of, haves).parts };
  };
}

function haveOf(of: AssetOrAlias, haves: PartitionHaves): PartitionHave {
  return of.kind === "asset" ? haves(of.uri) : { events: 0, parts: 0 };
}

/** What a key waits for: a reason for each asset that lacks something; none once its run is about to be made. */
export function partitionReasons(key: string, progress: AssetProgress): Reason[] {
  return assetReasons(progress).map((reason) => ({
    ...reason,
    message: `Partition ${JSON.stringify(key)}: ${reason.message}`,
    evidence: { ...reason.evidence, partition_key: key },
  }));
}
