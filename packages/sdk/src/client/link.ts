/** What a client needs to make calls, loaded at the first one: DAG files import the client without its weight. */

export type Loaded = Awaited<ReturnType<typeof load>>;

/** Gives the same connection each time. */
export type Link = () => Promise<Loaded>;

/** What every call takes. */
export type CallOptions = {
  /** Gives up: the call throws what the signal was aborted with. What was asked for may still happen. */
  readonly signal?: AbortSignal;
};

export type LinkOptions = {
  readonly url: string;
  /** Undefined for none. */
  readonly key: string | undefined;
  /** How long a call is made again while no server answers it. */
  readonly retryForMs: number;
};

export function makeLink(options: LinkOptions): Link {
  let loaded: Promise<Loaded> | undefined;
  return () => (loaded ??= load(options));
}

async function load({ url, key, retryForMs }: LinkOptions) {
  const { openConnection, paged } = await import("./connection.ts");
  const { createRetries } = await import("./retries.ts");
  const { readBackfill, readBackfillDate } = await import("./read-backfills.ts");
  const { readChanges, readDag, readRun, readTask } = await import("./read-messages.ts");
  const { inputStates, readCallback, readInput } = await import("./read-waits.ts");
  const { readAsset, readAssetEvent } = await import("./read-assets.ts");
  const { timestampOf } = await import("@millrace/wire");
  const connection = openConnection(url, key);
  const { answered, streamed } = createRetries({ url, retryForMs });
  const calls = { connection, answered, paged, streamed };
  const waits = { inputStates, readCallback, readInput };
  const backfills = { readBackfill, readBackfillDate };
  const assets = { readAsset, readAssetEvent };
  const reads = { readChanges, readDag, readRun, readTask, ...waits, ...backfills, ...assets };
  return { ...calls, ...reads, timestampOf };
}
