/** From messages about assets to what the client gives its users. */

import { epochMsOf } from "@millrace/wire";
import type { Asset, AssetEvent } from "@millrace/wire/v1";
import { assetEventFacts } from "../assets/asset-messages.ts";
import { decodeValue } from "../codec/codec.ts";
import type { AssetEventSnapshot, AssetSnapshot } from "./asset-snapshots.ts";

export function readAsset(asset: Asset): AssetSnapshot {
  const { uri, name, group, isActive, producerCount, consumerCount } = asset;
  const lastEventAt = epochMsOf(asset.lastEventAt);
  return {
    ...{ uri, name, group, isActive, producerCount, consumerCount },
    extra: asset.extra === "" ? {} : (JSON.parse(asset.extra) as AssetSnapshot["extra"]),
    lastEventAt: lastEventAt === null ? null : new Date(lastEventAt),
  };
}

export function readAssetEvent(event: AssetEvent): AssetEventSnapshot {
  const { extra, madeRuns } = event;
  const what = `the extra of event ${event.eventId} of ${event.uri}`;
  const value = extra === undefined ? {} : decodeValue(extra.data, what);
  return {
    ...assetEventFacts(event),
    extra: value as AssetEventSnapshot["extra"],
    madeRuns: madeRuns.map(({ dagId, runId, runName }) => ({ dagId, runId, runName })),
  };
}
