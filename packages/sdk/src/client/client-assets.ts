/** Assets as a client sees them: what there is, what happened to it, and how something is made to happen. */

import { randomUUID } from "node:crypto";
import { MillraceError } from "@millrace/engine";
import type { AssetPartitionProgress, AssetProgress } from "@millrace/wire/v1";
import type { Asset } from "../assets/asset.ts";
import type { OutletOptions } from "../assets/asset-events.ts";
import { encodeValue } from "../codec/codec.ts";
import { instantForms, instantMs, type Instant } from "../options/instant.ts";
import type { AssetEventSnapshot, AssetSnapshot } from "./asset-snapshots.ts";
import { ClientRun } from "./client-run.ts";
import type { CallOptions, Link } from "./link.ts";

export type ListAssetsOptions = CallOptions & {
  /** Only uris, names or groups that contain this. */
  readonly search?: string;
  readonly group?: string;
  /** Only those that this DAG makes, reads or waits for. */
  readonly dag?: { readonly id: string } | string;
  /** Also those that no DAG names any more. Default false. */
  readonly includeInactive?: boolean;
};

export type ListAssetEventsOptions = CallOptions & {
  /** Only of this asset: `asset(…)`, a uri, or a name. */
  readonly asset?: Asset | string;
  /** Only those that tasks of this run made. */
  readonly madeBy?: { readonly id: string } | string;
  /** Only those that this run was made of. */
  readonly made?: { readonly id: string } | string;
  readonly since?: Instant;
  readonly before?: Instant;
};

/** What the next run of a DAG waits for. */
export type AssetWait = {
  /** Whether enough events are there; of a DAG that waits by partition, for any of `partitions`. */
  readonly isMet: boolean;
  /** Sentences: which events are missing, and what else holds the run. Empty when it is about to be made. */
  readonly reasons: readonly string[];
  /** Of a DAG that waits by partition: the first 500 keys for which something has come. Null for others. */
  readonly partitions: readonly PartitionWait[] | null;
};

/** How far one partition is. */
export type PartitionWait = {
  readonly partitionKey: string;
  readonly isMet: boolean;
  /** What there is and what is missing, such as "21 of 24 hours of s3://clicks". */
  readonly message: string;
};

/** `client.assets`. An asset is said by its definition, its uri, or its name. */
export class ClientAssets {
  readonly #link: Link;

  /** Clients make these. */
  constructor(link: Link) {
    this.#link = link;
  }

  /** Assets by uri, fetched page by page as they are asked for. */
  async *list(options: ListAssetsOptions = {}): AsyncIterable<AssetSnapshot> {
    const { answered, connection, paged, readAsset } = await this.#link();
    const { search = "", group = "", dag = "", includeInactive = false, signal } = options;
    const filter = { search, group, dagId: idOf(dag), includeInactive };
    yield* paged(async (pageToken) => {
      const ask = { ...filter, pageToken };
      const page = await answered((call) => connection.assets.listAssets(ask, call), signal);
      return { items: page.assets.map(readAsset), next: page.nextPageToken };
    });
  }

  /**
   * Events, newest first, fetched page by page as they are asked for.
   *
   * @throws MillraceError ASSET_NOT_FOUND, RUN_NOT_FOUND, FIELD_INVALID
   */
  async *events(options: ListAssetEventsOptions = {}): AsyncIterable<AssetEventSnapshot> {
    const { answered, connection, paged, readAssetEvent, timestampOf } = await this.#link();
    const { asset = "", madeBy = "", made = "", since, before, signal } = options;
    const filter = {
      asset: uriOf(asset),
      sourceRunId: idOf(madeBy),
      madeRunId: idOf(made),
      since: timestampOf(msOf("since", since)),
      before: timestampOf(msOf("before", before)),
    };
    yield* paged(async (pageToken) => {
      const ask = { ...filter, pageToken };
      const page = await answered((call) => connection.assets.listAssetEvents(ask, call), signal);
      return { items: page.events.map(readAssetEvent), next: page.nextPageToken };
    });
  }

  /**
   * Says that something happened to an asset, or to a partition of it: DAGs that wait for it may run.
   *
   * @throws MillraceError ASSET_NOT_FOUND, VALUE_INVALID, VALUE_TOO_LARGE
   */
  async emit(
    asset: Asset | string,
    extra: Readonly<Record<string, unknown>> = {},
    { partition = "", signal }: CallOptions & OutletOptions = {},
  ): Promise<AssetEventSnapshot> {
    const data = encodeValue(extra, `the extra of an event of ${uriOf(asset)}`);
    const { answered, connection, readAssetEvent } = await this.#link();
    const said = Object.keys(extra).length === 0 ? {} : { extra: { data } };
    const request = {
      ...{ requestId: randomUUID(), asset: uriOf(asset), partitionKey: partition },
      ...said,
    };
    const { event } = await answered(
      (call) => connection.assets.createAssetEvent(request, call),
      signal,
    );
    if (event === undefined)
      throw new MillraceError("INTERNAL", "the server answered without an event");
    return readAssetEvent(event);
  }

  /**
   * Runs the DAG that makes an asset.
   *
   * @param options `dag`: which one, when several make it.
   * @throws MillraceError ASSET_NOT_FOUND, ASSET_PRODUCER_MISSING, ASSET_PRODUCER_AMBIGUOUS, PARAMS_INVALID
   */
  async materialize(
    asset: Asset | string,
    options: CallOptions & {
      readonly dag?: { readonly id: string } | string;
      readonly params?: Readonly<Record<string, unknown>>;
      readonly note?: string;
      readonly partitionKey?: string;
    } = {},
  ): Promise<ClientRun> {
    const { dag = "", params = {}, note = "", partitionKey = "", signal } = options;
    const data = encodeValue(params, `the params for ${uriOf(asset)}`);
    const { answered, connection, readRun } = await this.#link();
    const request = {
      ...{ requestId: randomUUID(), asset: uriOf(asset), dagId: idOf(dag) },
      ...{ params: { data }, note, partitionKey },
    };
    const { run } = await answered(
      (call) => connection.assets.materializeAsset(request, call),
      signal,
    );
    if (run === undefined) throw new MillraceError("INTERNAL", "the server answered without a run");
    return new ClientRun(this.#link, readRun(run));
  }

  /** What the next run of a DAG waits for; null when it is not scheduled on assets. @throws MillraceError DAG_NOT_FOUND */
  async waiting(
    dag: { readonly id: string } | string,
    { signal }: CallOptions = {},
  ): Promise<AssetWait | null> {
    const { answered, connection } = await this.#link();
    const request = { dagId: idOf(dag), pageSize: partitionsMax };
    const answer = await answered(
      (call) => connection.assets.getAssetProgress(request, call),
      signal,
    );
    const reasons = answer.reasons.map(({ message }) => message);
    if (answer.isByPartition) {
      const partitions = answer.partitions.map(readPartition);
      return { isMet: partitions.some(({ isMet }) => isMet), reasons, partitions };
    }
    const { progress } = answer;
    return progress === undefined ? null : { isMet: progress.isMet, reasons, partitions: null };
  }
}

/** The most that one answer brings. */
const partitionsMax = 500;

function readPartition({ partitionKey, progress }: AssetPartitionProgress): PartitionWait {
  return {
    partitionKey,
    isMet: progress?.isMet ?? false,
    message: progress === undefined ? "" : progressText(progress),
  };
}

/** Of several assets, what each has. */
function progressText({ message, kind }: AssetProgress): string {
  if (kind.case !== "allOf" && kind.case !== "anyOf") return message;
  const sign = kind.case === "allOf" ? " and " : " or ";
  const parts = kind.value.parts.map((part) => {
    const text = progressText(part);
    return part.kind.case === "need" ? text : `(${text})`;
  });
  return parts.join(sign);
}

function idOf(it: { readonly id: string } | string): string {
  return typeof it === "string" ? it : it.id;
}

function uriOf(asset: Asset | string): string {
  return typeof asset === "string" ? asset : asset.uri || asset.name;
}

function msOf(field: string, value: Instant | undefined): number | null {
  if (value === undefined) return null;
  const at = instantMs(value);
  if (at !== null) return at;
  throw new MillraceError(
    "FIELD_INVALID",
    `${field} is ${String(value)}; it must be ${instantForms}`,
  );
}
