/** The id of an attempt: opaque to workers, and all the front door needs to find the attempt's owner and its rows. */

export type AttemptRef = {
  /** 0 to 63: where the owner is looked up. */
  readonly shard: number;
  /** `run.id`; of a call a random number. */
  readonly runKey: number;
  /** The task's index in its DAG version; -1 for callbacks of the run, and for calls. */
  readonly ix: number;
  /** -1 for a task that is not mapped. */
  readonly mapIx: number;
  /** From 1; of callbacks from 0, and of those of a run how often it has ended; of a call how often it was handed out. */
  readonly attempt: number;
  /** What is done: the body is run, what the attempt waits for is watched, a callback about it is run, or a question is answered. */
  readonly of: AttemptPart;
};

export type AttemptPart =
  | "body"
  | "watch"
  | "call"
  /** What is watched for an asset: `runKey` is the watcher's, `attempt` counts what it has told. */
  | "asset_watch"
  /** CallbackEvent, and the place of the callback in the spec. */
  | { readonly event: number; readonly ordinal: number };

const pattern =
  /^(\d{1,2})\.([0-9a-z]{1,11})\.(-1|\d{1,7})\.(-1|\d{1,7})\.(\d{1,9})(?:\.(w|q|a|c([1-6])\.(\d{1,4})))?$/;

/** `<shard>.<run key, base 36>.<ix>.<map ix>.<attempt>`, and `.w` for a watch, `.q` for a call, `.a` for what is watched for an asset, `.c<event>.<ordinal>` for a callback. */
export function attemptIdOf(
  ref: Omit<AttemptRef, "runKey" | "of"> & {
    readonly runKey: number | bigint;
    /** Default "body". */
    readonly of?: AttemptPart;
  },
): string {
  const { shard, runKey, ix, mapIx, attempt, of = "body" } = ref;
  return `${shard}.${runKey.toString(36)}.${ix}.${mapIx}.${attempt}${suffixOf(of)}`;
}

const suffixes = { body: "", watch: ".w", call: ".q", asset_watch: ".a" } as const;

function suffixOf(part: AttemptPart): string {
  if (typeof part === "object") return `.c${part.event}.${part.ordinal}`;
  return suffixes[part];
}

/** Null when the text is not an attempt id. */
export function parseAttemptId(attemptId: string): AttemptRef | null {
  const match = pattern.exec(attemptId);
  if (match === null) return null;
  const [, shard = "", run = "", ix, mapIx, attempt, part, event, ordinal] = match;
  const runKey = Number.parseInt(run, 36);
  if (!Number.isSafeInteger(runKey) || runKey < 1 || Number(shard) > 63) return null;
  const of = partOf(part, { event: Number(event), ordinal: Number(ordinal) });
  const isOfTask = of === "body" || of === "watch";
  if (isOfTask && (Number(ix) < 0 || Number(attempt) < 1)) return null;
  return {
    shard: Number(shard),
    runKey,
    ix: Number(ix),
    mapIx: Number(mapIx),
    attempt: Number(attempt),
    of,
  };
}

function partOf(
  suffix: string | undefined,
  callback: { readonly event: number; readonly ordinal: number },
): AttemptPart {
  if (suffix === undefined) return "body";
  if (suffix === "w") return "watch";
  if (suffix === "a") return "asset_watch";
  return suffix === "q" ? "call" : callback;
}
