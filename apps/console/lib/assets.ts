/** Addresses and words of assets. */
import { AssetEventSource } from "@millrace/wire/v1";
import type { AssetEvent } from "@millrace/wire/v1";

/** The uri stands behind the "?": it has slashes of its own. */
export function assetHref(uri: string): string {
  return `/assets/asset?uri=${encodeURIComponent(uri)}`;
}

export function assetGraphHref(uri: string): string {
  return `/assets/graph?focus=${encodeURIComponent(uri)}`;
}

/** Who made an event, in words. */
export function makerOf({ source, createdBy, taskId, mapIndex }: AssetEvent): string {
  if (source === AssetEventSource.TASK) return mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`;
  if (source === AssetEventSource.WATCHER) return "a watcher";
  return createdBy === "" ? "unknown" : createdBy;
}
