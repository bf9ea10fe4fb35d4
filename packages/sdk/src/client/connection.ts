/** Calls of the api over Connect. Loaded when a client makes its first call, so that DAG files stay light. */

import { createClient, type Client as Calls, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import {
  AssetService,
  BackfillService,
  DagRunService,
  DagService,
  TaskInstanceService,
} from "@millrace/wire/v1";

export type Connection = {
  readonly dags: Calls<typeof DagService>;
  readonly runs: Calls<typeof DagRunService>;
  readonly backfills: Calls<typeof BackfillService>;
  readonly tasks: Calls<typeof TaskInstanceService>;
  readonly assets: Calls<typeof AssetService>;
};

/** Opens nothing yet: the first call does. */
export function openConnection(url: string, key: string | undefined): Connection {
  const authorize: Interceptor = (next) => (request) => {
    if (key !== undefined) request.header.set("authorization", `Bearer ${key}`);
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
    backfills: createClient(BackfillService, transport),
    tasks: createClient(TaskInstanceService, transport),
    assets: createClient(AssetService, transport),
  };
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
