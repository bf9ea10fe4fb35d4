/** A small reverse proxy: everything that is no rpc belongs to the console. */

import {
  request as send,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { pipeline } from "node:stream";
import type { Logger } from "./logger.ts";
import { startingPage } from "./http-starting-page.ts";

/** Headers about one connection, which are not the next one's business. */
const hopByHop = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** Streams both ways. Upgrades are not forwarded. */
export function forwardTo(
  base: string,
  request: IncomingMessage,
  response: ServerResponse,
  log: Logger,
): void {
  const { hostname, port } = new URL(base);
  const upstream = send({
    hostname,
    port,
    path: request.url,
    method: request.method,
    headers: forwardedHeaders(request),
  });
  upstream.on("response", (answer) => {
    response.writeHead(answer.statusCode ?? 502, withoutHops(answer.headers));
    pipeline(answer, response, () => undefined);
  });
  upstream.on("error", (error) => {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    log.debug({ err: error }, "console.unreachable");
    response.writeHead(503, {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
    });
    response.end(startingPage());
  });
  response.on("close", () => upstream.destroy());
  pipeline(request, upstream, () => undefined);
}

/** What a client says about forwarding is replaced: nobody is in front of this server unless it is configured. */
function forwardedHeaders(request: IncomingMessage): IncomingHttpHeaders {
  return {
    ...withoutHops(request.headers),
    "x-forwarded-for": request.socket.remoteAddress ?? "",
    "x-forwarded-host": request.headers.host ?? "",
    "x-forwarded-proto": "encrypted" in request.socket ? "https" : "http",
  };
}

function withoutHops(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.includes(name)));
}
