/**
 * Serves the built console on a loopback port, behind Millrace's HTTP server.
 *
 * As a program: `node server.mjs --port 3000 --hostname 127.0.0.1`; prints one JSON line
 * `{"event":"console.listening","hostname":…,"port":…}` once it answers, and ends cleanly on SIGTERM and SIGINT.
 * As a module: `startConsole({ port, hostname })`.
 */
import { createServer } from "node:http";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import next from "next";

/** Open requests get this long to finish when the server stops. */
const STOP_TIMEOUT_MS = 2_000;

/** @type {import("./server.d.mts").startConsole} */
export async function startConsole({ port = 0, hostname = "127.0.0.1" } = {}) {
  const dir = dirname(fileURLToPath(import.meta.url));
  const app = next({ dev: false, dir, hostname, port, quiet: true });
  await app.prepare();
  const handle = app.getRequestHandler();
  const server = createServer((request, response) => {
    handle(request, response).catch((/** @type {Error} */ error) => response.destroy(error));
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, () => resolve(undefined));
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    async stop() {
      const timer = setTimeout(() => server.closeAllConnections(), STOP_TIMEOUT_MS);
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeIdleConnections();
      });
      clearTimeout(timer);
      await app.close();
    },
  };
}

async function main() {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "3000" },
      hostname: { type: "string", default: "127.0.0.1" },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`--port must be a number from 0 to 65535, not "${values.port}".`);
  }
  // Started by another process with a channel to it: nothing is left behind when that one is gone.
  process.once("disconnect", () => process.exit(0));
  const hostname = values.hostname;
  const started = await startConsole({ port, hostname });
  process.stdout.write(
    `${JSON.stringify({ event: "console.listening", hostname, port: started.port })}\n`,
  );
  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.once(signal, () => void started.stop().then(() => process.exit(0)));
  }
}

if (import.meta.main ?? process.argv[1] === fileURLToPath(import.meta.url)) {
  await main();
}
