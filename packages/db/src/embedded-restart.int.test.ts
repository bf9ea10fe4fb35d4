import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import { withClient } from "./connect.ts";
import { startEmbeddedPostgres, type EmbeddedPostgresOptions } from "./embedded.ts";
import { isAlive } from "./server/owner.ts";

let folder: string;
let dataDir: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-embedded-"));
  dataDir = join(folder, "pg");
});
afterEach(() => rmSync(folder, { recursive: true }));

function serverPid(): number {
  return Number(readFileSync(join(dataDir, "data", "postmaster.pid"), "utf8").split("\n")[0]);
}

const ask = (server: { url: string }, sql: string) =>
  withClient(server.url, async (client) => (await client.query<Record<string, unknown>>(sql)).rows);

/** A server, and a promise of its coming back. */
async function start(options: Partial<EmbeddedPostgresOptions> = {}) {
  const back = Promise.withResolvers<number>();
  const server = await startEmbeddedPostgres({ dataDir, onBack: back.resolve, ...options });
  return { server, back: back.promise };
}

test("a server that is killed comes back at the same address with what was committed", async () => {
  const { server, back } = await start();
  await ask(server, "CREATE TABLE kept AS SELECT 42 AS answer");
  const pid = serverPid();

  process.kill(pid, "SIGKILL");
  await back;

  expect(await ask(server, "SELECT * FROM kept")).toEqual([{ answer: 42 }]);
  expect(serverPid()).not.toBe(pid);
  await server.stop();
});

test("stopping while the server is being started again leaves no process", async () => {
  const down = Promise.withResolvers<void>();
  const { server } = await start({ onDown: down.resolve });

  process.kill(serverPid(), "SIGKILL");
  await down.promise;
  await server.stop();
  await server.ended;

  await expect(ask(server, "SELECT 1")).rejects.toMatchObject({ reason: "DATABASE_UNREACHABLE" });
  const again = await start();
  await again.server.stop();
});

test("a start that is called off leaves no process and no lock", async () => {
  const calledOff = AbortSignal.abort(new Error("no more"));

  await expect(start({ signal: calledOff })).rejects.toThrow("no more");

  const { server } = await start();
  const pid = serverPid();
  await server.stop();
  expect(isAlive(pid)).toBe(false);
});
