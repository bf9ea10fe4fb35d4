/** The HTTP server: people, their browsers, curl; and the console behind it. */

import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { assertBindIsSafe, type BindOptions } from "./bind.ts";
import type { Calls } from "./calls.ts";
import { connectRoutes } from "./connect-adapter.ts";
import type { RunningServer } from "./grpc-server.ts";
import { forwardTo } from "./http-forward.ts";
import { setSecurityHeaders } from "./http-headers.ts";
import { startingPage } from "./http-starting-page.ts";
import { serviceLimits } from "./limits.ts";
import type { Logger } from "./logger.ts";
import type { RpcService } from "./rpc.ts";

export type HttpServerOptions = BindOptions & {
  /** 0 picks a free one. */
  readonly port: number;
  readonly services: readonly RpcService[];
  readonly calls: Calls;
  readonly log: Logger;
  /** Answers `/version`. */
  readonly version: Readonly<Record<string, string | number>>;
  /** Whether this process can answer calls just now: `/readyz`. */
  isReady(): Promise<boolean>;
  /** Where everything that is no rpc goes; null while the console is not up. */
  consoleUrl?: (() => string | null) | undefined;
};

export async function startHttpServer(options: HttpServerOptions): Promise<RunningServer> {
  assertBindIsSafe(options);
  const listener = withHeaders(
    connectNodeAdapter({
      routes: connectRoutes(options.services, options.calls),
      grpc: false,
      fallback: (request, response) =>
        void answerOther(options, request as IncomingMessage, response as ServerResponse),
    }),
  );
  const limits = {
    maxHeaderSize: serviceLimits.headerBytesMax,
    headersTimeout: serviceLimits.headersTimeoutMs,
    requestTimeout: serviceLimits.requestTimeoutMs,
  };
  const server =
    options.tls === undefined
      ? createServer(limits, listener)
      : createTlsServer({ ...limits, ...options.tls }, listener);
  const port = await listen(server, options.host, options.port);
  return { port, stop: () => close(server) };
}

/** `Expect: 100-continue`, methods and bodies over the limit are judged before anything else looks at the request. */
function withHeaders(listener: RequestListener): RequestListener {
  return (request, response) => {
    setSecurityHeaders(response);
    const length = Number(request.headers["content-length"] ?? 0);
    if (request.method === "TRACE" || request.method === "CONNECT")
      refuse(response, 405, "This method is not allowed.");
    else if (length > serviceLimits.bigMessageBytesMax)
      refuse(response, 413, "The body is too large.");
    else listener(request, response);
  };
}

async function answerOther(
  options: HttpServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
  if (path === "/healthz") return send(response, 200, "ok\n");
  if (path === "/readyz") return answerReady(options, response);
  if (path === "/version")
    return send(response, 200, `${JSON.stringify(options.version)}\n`, "application/json");
  if (isRpcPath(path))
    return send(
      response,
      404,
      `${JSON.stringify({ code: "unimplemented", message: "No such method." })}\n`,
      "application/json",
    );
  const consoleUrl = options.consoleUrl?.() ?? null;
  if (consoleUrl === null) return send(response, 503, startingPage(), "text/html; charset=utf-8");
  forwardTo(consoleUrl, request, response, options.log);
}

async function answerReady(options: HttpServerOptions, response: ServerResponse): Promise<void> {
  const isReady = await options.isReady().catch(() => false);
  send(response, isReady ? 200 : 503, isReady ? "ready\n" : "not ready\n");
}

/** `/package.v1.Service/Method` */
function isRpcPath(path: string): boolean {
  return /^\/(millrace|grpc)(\.\w+)+\//.test(path);
}

function send(
  response: ServerResponse,
  code: number,
  body: string,
  type = "text/plain; charset=utf-8",
): void {
  response.writeHead(code, { "content-type": type, "cache-control": "no-store" });
  response.end(body);
}

function refuse(response: ServerResponse, code: number, message: string): void {
  response.writeHead(code, { "content-type": "text/plain; charset=utf-8", connection: "close" });
  response.end(`${message}\n`);
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), serviceLimits.drainMs);
    // Connections that fall idle while others still work.
    const idle = setInterval(() => server.closeIdleConnections(), serviceLimits.idleCheckMs);
    server.close(() => {
      clearTimeout(timer);
      clearInterval(idle);
      resolve();
    });
    server.closeIdleConnections();
  });
}
