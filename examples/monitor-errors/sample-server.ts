/** A small web server on this machine with logs of our own making: the same lines every time. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const linesPerLog = 400;
const components = ["auth", "billing", "cache", "gateway", "ledger", "mailer", "search", "session"];
const messages: Record<string, string[]> = {
  DEBUG: ["cache hit for key {n}", "entering state {n}", "loop took {n} ms"],
  INFO: ["request {n} served", "user {n} signed in", "job {n} finished", "connection {n} opened"],
  WARN: ["response took {n} ms", "retrying call {n}", "pool has {n} idle connections left"],
  ERROR: ["could not reach ledger, code=E10{d}", "payment {n} refused, code=E42{d}"],
  FATAL: ["out of file handles, code=E90{d}"],
};

export type SampleServer = AsyncDisposable & { readonly url: URL };

export async function serveSampleLogs(): Promise<SampleServer> {
  const server = createServer((request, response) => {
    const name = /^\/(\w+)\.log$/.exec(request.url ?? "")?.[1];
    if (!name) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": "text/plain" }).end(sampleLog(name));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/`),
    [Symbol.asyncDispose]: () =>
      new Promise((done, fail) => {
        server.closeAllConnections();
        server.close((error) => (error ? fail(error) : done()));
      }),
  };
}

/** The log of one application, made from its name alone. */
export function sampleLog(application: string): string {
  const random = seeded(application);
  let at = Date.UTC(2026, 0, 15, 8);
  const lines: string[] = [];
  for (let n = 0; n < linesPerLog; n++) {
    at += Math.floor(random() * 30_000);
    const level = pickLevel(random());
    const template = pick(messages[level]!, random());
    const text = template
      .replace("{n}", String(Math.floor(random() * 10_000)))
      .replace("{d}", String(Math.floor(random() * 10)));
    lines.push(`${new Date(at).toISOString()} ${level} [${pick(components, random())}] ${text}`);
  }
  return `${lines.join("\n")}\n`;
}

function pickLevel(chance: number): string {
  if (chance < 0.25) return "DEBUG";
  if (chance < 0.85) return "INFO";
  if (chance < 0.95) return "WARN";
  return chance < 0.995 ? "ERROR" : "FATAL";
}

function pick<T>(choices: readonly T[], chance: number): T {
  return choices[Math.floor(chance * choices.length)]!;
}

/** A small generator of numbers below 1 (mulberry32), seeded by a name. */
function seeded(name: string): () => number {
  let state = Buffer.from(name).reduce((hash, byte) => (hash * 31 + byte) | 0, 7);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
