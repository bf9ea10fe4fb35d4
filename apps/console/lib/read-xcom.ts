import { tasksClient } from "./transport.ts";

type XComRequest = {
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex?: number;
  readonly key: string;
};

type Options = {
  /** The call ends once it has so many; more is never kept. */
  readonly bytesMax: number;
  /** How much has come so far. */
  readonly onBytes: (bytes: number) => void;
};

/** A value that a task left, or its beginning, as codec JSON. */
export async function readXCom(
  request: XComRequest,
  { bytesMax, onBytes }: Options,
): Promise<Uint8Array<ArrayBuffer>> {
  const stop = new AbortController();
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for await (const { content } of tasksClient.readXCom(request, { signal: stop.signal })) {
    pieces.push(content.slice(0, bytesMax - bytes));
    bytes += content.length;
    onBytes(Math.min(bytes, bytesMax));
    if (bytes >= bytesMax) break;
  }
  stop.abort();
  const whole = new Uint8Array(Math.min(bytes, bytesMax));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
