/** What of the protocol of S3 this package speaks, as a test double: it lists, in pages, and has objects. */

import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

export type S3Server = AsyncDisposable & {
  readonly endpoint: string;
  put(key: string, content: string, modifiedAt?: Date): void;
  remove(key: string): void;
  /** Requests so far, such as "GET /bucket?list-type=2&prefix=a". */
  readonly requests: string[];
  /** What the next requests are answered with instead; 0 for nothing. */
  status: number;
};

const pageSize = 2;

type Stored = { readonly content: string; readonly modifiedAt: Date };

/** One bucket, whatever it is called. Only signed requests are answered. */
export async function startS3(): Promise<S3Server> {
  const objects = new Map<string, Stored>();
  const requests: string[] = [];
  const state = { status: 0 };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://s3");
    requests.push(`${request.method} ${url.pathname}${url.search}`);
    const isSigned = request.headers.authorization?.startsWith("AWS4-HMAC-SHA256 ") === true;
    if (state.status > 0 || !isSigned) {
      response.writeHead(state.status || 403).end("<Error><Code>AccessDenied</Code></Error>");
      return;
    }
    const key = decodeURIComponent(url.pathname.split("/").slice(2).join("/"));
    if (key === "") {
      response.setHeader("content-type", "application/xml");
      response.end(listing(objects, url.searchParams));
      return;
    }
    const found = objects.get(key);
    if (found === undefined) response.writeHead(404).end();
    else response.writeHead(200, { etag: etagOf(found) }).end(found.content);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    put: (key, content, modifiedAt = new Date()) => void objects.set(key, { content, modifiedAt }),
    remove: (key) => void objects.delete(key),
    requests,
    get status() {
      return state.status;
    },
    set status(status) {
      state.status = status;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function etagOf({ content }: Stored): string {
  return `"${createHash("md5").update(content).digest("hex")}"`;
}

function listing(objects: ReadonlyMap<string, Stored>, asked: URLSearchParams): string {
  const prefix = asked.get("prefix") ?? "";
  const after = asked.get("continuation-token") ?? "";
  const keys = [...objects.keys()]
    .filter((key) => key.startsWith(prefix) && key > after)
    .toSorted();
  const page = keys.slice(0, pageSize);
  const isCut = keys.length > page.length;
  const contents = page.map((key) => {
    const stored = objects.get(key)!;
    // Whole seconds, as S3 has them.
    const at = new Date(Math.floor(stored.modifiedAt.getTime() / 1000) * 1000).toISOString();
    return (
      `<Contents><Key>${key}</Key><LastModified>${at}</LastModified>` +
      `<ETag>${etagOf(stored)}</ETag><Size>${stored.content.length}</Size></Contents>`
    );
  });
  const next = isCut ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : "";
  return (
    `<?xml version="1.0"?><ListBucketResult><IsTruncated>${isCut}</IsTruncated>${next}` +
    `<KeyCount>${page.length}</KeyCount>${contents.join("")}</ListBucketResult>`
  );
}
