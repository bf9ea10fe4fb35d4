/** Events of assets, as bodies make and read them. */

import { assetLimits, MillraceError, partitionKeyProblem, type OutletSaid } from "@millrace/engine";
import { isAssetOrAlias, type Asset, type AssetAlias } from "./asset.ts";
import { decodeValue, encodeValue } from "../codec/codec.ts";
import { instantForms, instantMs, type Instant } from "../options/instant.ts";

/** Something happened to an asset. */
export type AssetEvent = {
  /** Grows, though not strictly with time. */
  readonly id: number;
  readonly uri: string;
  readonly name: string;
  readonly at: Date;
  /** What its maker said; `{}` for nothing. */
  readonly extra: Readonly<Record<string, unknown>>;
  readonly source: "task" | "caller" | "watcher";
  /** The task instance that made it; null for others. */
  readonly task: {
    readonly dagId: string;
    readonly runId: string;
    readonly runName: string;
    readonly taskId: string;
    readonly mapIndex: number | null;
  } | null;
  /** The aliases that the asset was named for. */
  readonly aliases: readonly string[];
  /** The person or program that made it, such as "user:admin"; null for others. */
  readonly createdBy: string | null;
  /** The part of the data that it is about; null for none. */
  readonly partitionKey: string | null;
};

export type OutletOptions = {
  /**
   * The part of the data that the event is about: 1 to 250 characters. Default: that of the run. Each one that is named is an
   * event of its own.
   */
  readonly partition?: string | undefined;
};

export type AssetEventFilter = {
  /** Only at or after this. */
  readonly since?: Instant | undefined;
  /** Only before this. */
  readonly before?: Instant | undefined;
  /** Default false: oldest first. */
  readonly newestFirst?: boolean | undefined;
  /** At most so many. Default: all. */
  readonly limit?: number | undefined;
};

/** Events that are read page by page, as far as somebody asks for them. */
export type AssetEvents = AsyncIterable<AssetEvent> & {
  /** All of them. */
  all(): Promise<AssetEvent[]>;
};

/** One page of events that a body asks for. */
export type AssetEventsRequest = {
  readonly of:
    | { readonly kind: "triggering" }
    /** Of an inlet, its name does as well. */
    | { readonly kind: "asset"; readonly uri: string }
    | { readonly kind: "alias"; readonly name: string };
  /** Milliseconds since 1970; null for any. */
  readonly since: number | null;
  readonly before: number | null;
  readonly newestFirst: boolean;
  /** Empty for the first page. */
  readonly pageToken: string;
  readonly pageSize: number;
};

export type AssetEventsPage = {
  readonly events: readonly EncodedAssetEvent[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
};

/** `extra` is codec JSON; null for none. */
export type EncodedAssetEvent = Omit<AssetEvent, "extra"> & { readonly extra: Uint8Array | null };

const pageSize = 200;

/** @throws MillraceError FIELD_INVALID */
export function readEvents(
  of: AssetEventsRequest["of"],
  filter: AssetEventFilter,
  ask: (request: AssetEventsRequest) => Promise<AssetEventsPage>,
): AssetEvents {
  const { newestFirst = false, limit = Infinity } = filter;
  if (!(limit === Infinity || (Number.isSafeInteger(limit) && limit >= 0)))
    throw invalid("limit", limit, "a whole number from 0");
  const since = msOf("since", filter.since);
  const before = msOf("before", filter.before);
  async function* pages(): AsyncGenerator<AssetEvent> {
    let left = limit;
    let pageToken = "";
    while (left > 0) {
      const request = { of, since, before, newestFirst, pageToken };
      const page = await ask({ ...request, pageSize: Math.min(left, pageSize) });
      yield* page.events.map(decoded);
      left -= page.events.length;
      pageToken = page.nextPageToken;
      if (pageToken === "") return;
    }
  }
  return {
    [Symbol.asyncIterator]: pages,
    async all() {
      const events: AssetEvent[] = [];
      for await (const event of pages()) events.push(event);
      return events;
    },
  };
}

function decoded(event: EncodedAssetEvent): AssetEvent {
  const { extra } = event;
  const what = `the extra of event ${event.id} of ${event.uri}`;
  const value = extra === null ? {} : decodeValue(extra, what);
  return { ...event, extra: value as AssetEvent["extra"] };
}

function msOf(field: string, value: Instant | undefined): number | null {
  if (value === undefined) return null;
  return instantMs(value) ?? refuse(field, value);
}

function refuse(field: string, value: unknown): never {
  throw invalid(field, value, instantForms);
}

function invalid(field: string, value: unknown, rule: string): MillraceError {
  return new MillraceError(
    "FIELD_INVALID",
    `option "${field}" of an asset's events is ${String(value)}; it must be ${rule}`,
    { metadata: { field } },
  );
}

/** What a body reads. @throws MillraceError FIELD_INVALID */
export function inletOf(of: Asset | AssetAlias): AssetEventsRequest["of"] {
  if (!isAssetOrAlias(of))
    throw new MillraceError(
      "FIELD_INVALID",
      "context().inletEvents was given something else than asset(…) or assetAlias(…)",
    );
  return of.kind === "asset"
    ? { kind: "asset", uri: of.uri || of.name }
    : { kind: "alias", name: of.name };
}

/**
 * What a body says of an outlet, ready to be sent.
 *
 * @throws MillraceError VALUE_INVALID, VALUE_TOO_LARGE, FIELD_INVALID
 */
export function outletEvent(
  asset: Asset,
  alias: AssetAlias | null,
  extra: Readonly<Record<string, unknown>> | undefined,
  { partition = "" }: OutletOptions = {},
): OutletSaid {
  const isWrong = !isAssetOrAlias(asset) || asset.kind !== "asset";
  if (isWrong || (alias !== null && alias.kind !== "alias"))
    throw new MillraceError(
      "FIELD_INVALID",
      "context().outlets was given something else than asset(…), and assetAlias(…) before it",
    );
  const { group } = asset;
  const uri = asset.uri || asset.name;
  const what = `the extra of an event of ${uri}`;
  const problem = partition === "" ? null : partitionKeyProblem(partition);
  if (problem !== null)
    throw new MillraceError(
      "FIELD_INVALID",
      `option "partition" of an event of ${uri} is ${JSON.stringify(partition)}; ${problem}`,
      { metadata: { field: "partition" } },
    );
  const isObject = typeof extra === "object" && extra !== null && !Array.isArray(extra);
  if (extra !== undefined && !isObject)
    throw new MillraceError("VALUE_INVALID", `${what} is no object`);
  const data = extra && encodeValue(extra, what, assetLimits.eventExtraBytes);
  return { uri, group, alias: alias?.name ?? "", extra: data ?? null, partitionKey: partition };
}
