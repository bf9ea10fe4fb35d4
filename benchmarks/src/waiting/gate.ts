/** A server that says "not yet" to everybody until it is opened. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type Gate = AsyncDisposable & {
  readonly url: string;
  /** Requests answered so far. */
  seen(): number;
  open(): void;
};

export async function startGate(): Promise<Gate> {
  let isOpen = false;
  let seen = 0;
  const server = createServer((request, response) => {
    seen += 1;
    response.statusCode = isOpen ? 200 : 404;
    response.setHeader("content-type", "application/json");
    response.end(isOpen ? JSON.stringify({ n: Number(request.url?.slice(1)) }) : "{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen: () => seen,
    open: () => void (isOpen = true),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
