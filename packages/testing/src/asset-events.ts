/** Events of assets in a test: those that are there, and those that the run makes. */

import { assetKey, outletEvents, type OutletEvent, type TaskSpec } from "@millrace/engine";
import type { Asset, AssetAlias, AssetEvent } from "@millrace/sdk";
import { decodeValue, encodeValue, type Answer, type Ask, type Outcome } from "@millrace/sdk/spec";

/** An event that is there when the run begins. */
export type GivenAssetEvent = {
  readonly asset: Asset;
  readonly extra?: Readonly<Record<string, unknown>>;
  /** Default: when the run begins. */
  readonly at?: Date;
  /** The aliases that the asset was named for. */
  readonly aliases?: readonly AssetAlias[];
  /** The part of the data that it is about. Default none. */
  readonly partition?: string;
};

/** An event that the success of a task made. */
export type MadeAssetEvent = {
  readonly uri: string;
  readonly taskId: string;
  /** Null for a task that is not mapped. */
  readonly mapIndex: number | null;
  /** `{}` for nothing. */
  readonly extra: Readonly<Record<string, unknown>>;
  /** The aliases that the asset was named for. */
  readonly aliases: readonly string[];
  /** The part of the data that it is about; null for none. */
  readonly partitionKey: string | null;
};

export type GivenEvents = {
  /** What the run was made of. */
  readonly triggering: readonly GivenAssetEvent[];
  /** What inlets have beside these. */
  readonly others: readonly GivenAssetEvent[];
};

type Request = Extract<Ask, { kind: "asset_events" }>["request"];
type Succeeded = Extract<Outcome, { kind: "succeeded" }>;

/** In the place of a server. Everything fits on one page. */
export function eventsAsked(
  given: GivenEvents,
  { inlets }: Pick<TaskSpec, "inlets">,
  request: Request,
  start: Date,
): Answer {
  const { of, since, before, newestFirst, pageSize } = request;
  const key =
    of.kind === "asset" ? `asset:${of.uri}` : of.kind === "alias" ? `alias:${of.name}` : "";
  if (
    of.kind !== "triggering" &&
    !inlets.some((inlet) => assetKey(inlet) === key || inletName(inlet) === key)
  ) {
    const message = `${key} is no inlet of the task; add it to them.`;
    return { kind: "refused", reason: "FIELD_INVALID", message };
  }
  const all = of.kind === "triggering" ? given.triggering : [...given.others, ...given.triggering];
  const events = all
    .map((event, n) => ({ event, id: n + 1, at: event.at ?? start }))
    .filter(({ event, at }) => {
      if (of.kind === "asset" && !isOf(event.asset, of.uri)) return false;
      if (of.kind === "alias" && !event.aliases?.some(({ name }) => name === of.name)) return false;
      const ms = at.getTime();
      return (since === null || ms >= since) && (before === null || ms < before);
    })
    .map(({ event, id, at }) => ({ ...factsOf(event, id, at), extra: encoded(event) }));
  const ordered = newestFirst ? events.toReversed() : events;
  return {
    kind: "asset_events",
    page: { events: ordered.slice(0, pageSize), nextPageToken: "" },
  };
}

/** Which of its two words a body has does not matter. */
function isOf({ uri, name }: Asset, word: string): boolean {
  return uri === word || name === word;
}

function inletName(inlet: TaskSpec["inlets"][number]): string {
  return inlet.kind === "asset" ? `asset:${inlet.name}` : "";
}

function factsOf(
  { asset, aliases = [], partition }: GivenAssetEvent,
  id: number,
  at: Date,
): Omit<AssetEvent, "extra"> {
  const { name } = asset;
  const uri = asset.uri || name;
  const by = { source: "caller", task: null, createdBy: "test" } as const;
  const partitionKey = partition ?? null;
  return { id, uri, name, at, aliases: aliases.map((alias) => alias.name), partitionKey, ...by };
}

function encoded({ asset, extra }: GivenAssetEvent): Uint8Array | null {
  return extra === undefined ? null : encodeValue(extra, `the extra of an event of ${asset.uri}`);
}

/** What a success makes. */
export function eventsMade(
  task: Pick<TaskSpec, "id" | "outlets">,
  mapIx: number,
  { outletEvents: said = [] }: Pick<Succeeded, "outletEvents">,
  runPartition: string | null,
): MadeAssetEvent[] {
  return outletEvents(task, said, runPartition).map((event) => ({
    uri: event.uri,
    taskId: task.id,
    mapIndex: mapIx < 0 ? null : mapIx,
    extra: extraOf(event),
    aliases: event.aliases,
    partitionKey: event.partitionKey,
  }));
}

function extraOf({ uri, extra }: OutletEvent): MadeAssetEvent["extra"] {
  const what = `the extra of an event of ${uri}`;
  return extra === null ? {} : (decodeValue(extra, what) as MadeAssetEvent["extra"]);
}
