/** Events of assets out of messages of the server. */

import { epochMsOf } from "@millrace/wire";
import { AssetEventSource, type AssetEvent as AssetEventMessage } from "@millrace/wire/v1";
import type { AssetEvent } from "./asset-events.ts";

/** An event without its extra. */
export function assetEventFacts(event: AssetEventMessage): Omit<AssetEvent, "extra"> {
  const { dagId, runId, runName, taskId, mapIndex } = event;
  const isOfTask = event.source === AssetEventSource.TASK;
  return {
    id: Number(event.eventId),
    uri: event.uri,
    name: event.name,
    at: new Date(epochMsOf(event.at) ?? 0),
    source: isOfTask ? "task" : event.source === AssetEventSource.WATCHER ? "watcher" : "caller",
    task: isOfTask
      ? { dagId, runId, runName, taskId, mapIndex: mapIndex < 0 ? null : mapIndex }
      : null,
    aliases: event.aliases,
    createdBy: event.createdBy || null,
    partitionKey: event.partitionKey || null,
  };
}
