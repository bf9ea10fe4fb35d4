/** `npm run dev`: the console in development behind the test double; `npm run dev -- --built` serves the built one. */
import { createServer } from "node:http";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startFakeApi } from "./fake-api.ts";
import { fakeToken } from "./fake-system.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8080" },
    built: { type: "boolean", default: false },
  },
});

const consolePort = values.built ? await serveBuilt() : await serveDevelopment();
const api = await startFakeApi({ port: Number(values.port), consolePort, isLively: true });
process.stdout.write(`http://localhost:${api.port}/login?token=${fakeToken}\n`);

async function serveBuilt(): Promise<number> {
  const { startConsole } = await import("../server.mjs");
  return (await startConsole()).port;
}

async function serveDevelopment(): Promise<number> {
  const { default: next } = await import("next");
  const dir = resolve(dirname(fileURLToPath(import.meta.url)), "..");
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const app = next({ dev: true, dir, hostname: "localhost", port, httpServer: server });
  const handle = app.getRequestHandler();
  server.on("request", (request, response) => void handle(request, response));
  await app.prepare();
  return port;
}
