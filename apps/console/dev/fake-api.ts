/** The test double of Millrace's HTTP server: serves `/millrace.v1.*` itself and passes the rest to the console. */
import { createServer, request as httpRequest } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { connect } from "node:net";
import { Code } from "@connectrpc/connect";
import type { Interceptor } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { refusal } from "./fake-errors.ts";
import { fakeRoutes } from "./fake-services.ts";
import { fakeKey, sessionCookie } from "./fake-system.ts";
import { FakeWorld } from "./fake-world.ts";

const tickMs = 100;
const autoRunMs = 15_000;

export type FakeApiOptions = {
  /** 0 takes a free one. */
  readonly port: number;
  /** Where the console listens, on loopback. */
  readonly consolePort: number;
  /** Makes a run now and then by itself. */
  readonly isLively: boolean;
};

export async function startFakeApi({ port, consolePort, isLively }: FakeApiOptions) {
  const world = new FakeWorld(Date.now());
  const rpc = connectNodeAdapter({
    routes: fakeRoutes(world),
    interceptors: [requireCredential],
  });
  const server = createServer((request, response) => {
    if (request.url?.startsWith("/millrace.v1.") === true) rpc(request, response);
    else proxy(request, response, consolePort);
  });
  // The development server's socket that reloads pages.
  server.on("upgrade", (request, socket, head) => {
    const upstream = connect(consolePort, "127.0.0.1", () => {
      const headers = request.rawHeaders
        .map((text, ix) => (ix % 2 === 0 ? `${text}: ` : `${text}\r\n`))
        .join("");
      upstream.write(`${request.method} ${request.url} HTTP/1.1\r\n${headers}\r\n`);
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
  });
  let isCut = false;
  server.on("connection", (socket) => {
    if (isCut) socket.destroy();
  });
  const bound = await new Promise<number>((resolve) => {
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
  const timers = [setInterval(() => world.tick(Date.now()), tickMs)];
  if (isLively) timers.push(setInterval(() => autoRun(world), autoRunMs));
  return {
    port: bound,
    world,
    /** Takes the server away, as a crash does; but keeps its port, which others might be given meanwhile. */
    cut() {
      isCut = true;
      server.closeAllConnections();
    },
    /** Brings it back. */
    restore() {
      isCut = false;
    },
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

const open: ReadonlySet<string> = new Set(["Login", "Logout", "GetVersion"]);

const requireCredential: Interceptor = (next) => (request) => {
  const isAllowed =
    open.has(request.method.name) ||
    request.header.get("authorization") === `Bearer ${fakeKey}` ||
    (request.header.get("cookie") ?? "").split("; ").includes(sessionCookie);
  if (!isAllowed) {
    throw refusal(
      Code.Unauthenticated,
      "UNAUTHENTICATED",
      "No credential, or one that has expired.",
    );
  }
  return next(request);
};

function proxy(request: IncomingMessage, response: ServerResponse, port: number): void {
  const upstream = httpRequest(
    {
      host: "127.0.0.1",
      port,
      path: request.url,
      method: request.method,
      headers: request.headers,
    },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    },
  );
  upstream.on("error", () => {
    if (!response.headersSent) response.writeHead(502);
    response.end("The console does not answer.");
  });
  request.pipe(upstream);
}

let autoRuns = 0;

function autoRun(world: FakeWorld): void {
  const ids = ["etl_pipeline", "example_dag", "monitor_errors", "broken_import"];
  const dag = world.dags.get(ids[autoRuns % ids.length] ?? "");
  autoRuns += 1;
  if (dag === undefined || world.paused.has(dag.spec.dagId)) return;
  const at = Math.floor(Date.now() / 1_000) * 1_000;
  const params = new TextEncoder().encode("{}");
  world.trigger(dag, Date.now(), { params, logicalDate: at, note: "", isScheduled: true });
}
