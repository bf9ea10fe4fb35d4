/** Values that tasks left, as clients read them: short ones come in a list, long ones by themselves. */

import { decodeValue } from "../codec/codec.ts";
import { blobBytesMax } from "../limits.ts";
import type { Loaded } from "./link.ts";

/** How long one long value may take. */
const transferTimeoutMs = 5 * 60_000;

export type XComOf = {
  readonly runId: string;
  readonly taskId: string;
  /** -1 for a task that is not mapped. */
  readonly mapIndex: number;
  readonly key: string;
};

/** Null when nothing was left there. @throws MillraceError TASK_NOT_FOUND, BLOB_NOT_FOUND, BLOB_STORE_UNAVAILABLE */
export async function readXCom(
  { answered, connection }: Loaded,
  { key, ...of }: XComOf,
  signal: AbortSignal | undefined,
): Promise<{ readonly value: unknown } | null> {
  const { tasks } = connection;
  const { xcoms } = await answered((call) => tasks.listXComs(of, call), signal);
  const found = xcoms.find((xcom) => xcom.key === key);
  if (found === undefined) return null;
  const data =
    found.value?.data ??
    (await answered(
      (call) => gather(tasks.readXCom({ ...of, key }, { ...call, timeoutMs: transferTimeoutMs })),
      signal,
    ));
  return { value: decodeValue(data, `what task "${of.taskId}" left as "${key}"`, blobBytesMax) };
}

async function gather(
  pieces: AsyncIterable<{ readonly content: Uint8Array }>,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const { content } of pieces) parts.push(content);
  return Buffer.concat(parts);
}
