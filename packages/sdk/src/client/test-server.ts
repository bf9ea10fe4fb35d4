/** A server of a test's own that answers what the test says. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { AssetService, DagRunService, DagService, TaskInstanceService } from "@millrace/wire/v1";
import { Client } from "./client.ts";

export type TestServerApi = Partial<ServiceImpl<typeof AssetService>> &
  Partial<ServiceImpl<typeof DagRunService>> &
  Partial<ServiceImpl<typeof DagService>> &
  Partial<ServiceImpl<typeof TaskInstanceService>>;

export async function serve(api: TestServerApi) {
  const keys = new Set<string | null>();
  const handler = connectNodeAdapter({
    routes: (router) =>
      router
        .service(DagRunService, api)
        .service(DagService, api)
        .service(TaskInstanceService, api)
        .service(AssetService, api),
    interceptors: [
      (next) => (request) => {
        keys.add(request.header.get("authorization"));
        return next(request);
      },
    ],
  });
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    /** The `authorization` of the calls so far. */
    keys,
    client: new Client({ url, key: "secret" }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
