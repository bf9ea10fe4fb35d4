/**
 * One request, without following where it points. `fetch` would do as well but for its weight: thousands of looks a
 * minute, of which few bring anything, cost it several times as much memory.
 */

import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { httpAtOnceMax } from "./limits.ts";

export type Sent = {
  readonly method: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly body: string | null;
  readonly signal: AbortSignal;
};

/** Connections stay open for the next look at the same server, for a while. */
const options = { keepAlive: true, maxFreeSockets: httpAtOnceMax, timeout: 10_000 } as const;
const plain = new http.Agent(options);
const secure = new https.Agent(options);

/** Resolves with the head of the answer; its body is to be read, or destroyed. Rejects where there is none. */
export function request(
  url: string,
  { method, headers, body, signal }: Sent,
): Promise<IncomingMessage> {
  const isSecure = url.startsWith("https:");
  return new Promise((resolve, reject) => {
    const sent = (isSecure ? https : http).request(url, {
      method,
      signal,
      agent: isSecure ? secure : plain,
      headers: {
        // What is compressed would have to be unpacked, within limits, for a few bytes.
        "accept-encoding": "identity",
        "user-agent": "millrace",
        ...Object.fromEntries(headers.map(({ name, value }) => [name.toLowerCase(), value])),
        ...(body !== null && { "content-length": String(Buffer.byteLength(body)) }),
      },
    });
    sent.on("response", resolve);
    sent.on("error", reject);
    sent.end(body ?? undefined);
  });
}
