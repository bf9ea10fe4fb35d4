/** Calls of the api over Connect. Loaded when a client makes its first call, so that DAG files stay light. */

import { setTimeout as sleep } from "node:timers/promises";
import { createClient, type Client as Calls, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { DagRunService, DagService, TaskInstanceService } from "@millrace/wire/v1";
import { errorOfCall, isPassing } from "./errors.ts";

/** How long one call may take before it is made again. */
const callTimeoutMs = 30_000;

/** Calls in all, before what passes counts as lasting. */
const triesMax = 6;

/** Wait before the second call; doubles from one to the next. */
const firstWaitMs = 100;

export type Connection = {
  readonly dags: Calls<typeof DagService>;
  readonly runs: Calls<typeof DagRunService>;
  readonly tasks: Calls<typeof TaskInstanceService>;
};

/** Opens nothing yet: the first call does. */
export function openConnection(url: string, key: string): Connection {
  const authorize: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${key}`);
    return next(request);
  };
  const transport = createConnectTransport({
    baseUrl: url,
    httpVersion: "1.1",
    interceptors: [authorize],
  });
  return {
    dags: createClient(DagService, transport),
    runs: createClient(DagRunService, transport),
    tasks: createClient(TaskInstanceService, transport),
  };
}

/**
 * Makes a call until it is answered, for as long as trying again can help. The request, and so its id, stays the same.
 *
 * @throws MillraceError with the server's reason.
 */
export async function answered<T>(
  call: (options: { readonly timeoutMs: number }) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call({ timeoutMs: callTimeoutMs });
    } catch (error) {
      if (tries === triesMax || !isPassing(error)) throw errorOfCall(error);
    }
    await sleep(firstWaitMs * 2 ** (tries - 1));
  }
}

/**
 * Reads a stream, opened again when it breaks; what a new one repeats is given again.
 *
 * @throws MillraceError with the server's reason, or once it could not be opened as often as a call is tried.
 */
export async function* streamed<T>(open: () => AsyncIterable<T>): AsyncIterable<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      for await (const message of open()) {
        tries = 1;
        yield message;
      }
      return;
    } catch (error) {
      if (tries === triesMax || !isPassing(error)) throw errorOfCall(error);
    }
    await sleep(firstWaitMs * 2 ** (tries - 1));
  }
}

/** Every item of every page, fetched as they are asked for. */
export async function* paged<T>(
  page: (token: string) => Promise<{ readonly items: readonly T[]; readonly next: string }>,
): AsyncIterable<T> {
  let token = "";
  do {
    const { items, next } = await page(token);
    yield* items;
    token = next;
  } while (token !== "");
}
