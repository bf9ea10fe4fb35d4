import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { FakeServer } from "@millrace/sdk/worker/testing";
import { afterEach, expect, test } from "vitest";
import { startWorker, type StartWorkerOptions } from "./start.ts";

const dirs: string[] = [];
afterEach(async () => {
  for (const dir of dirs.splice(0)) await rm(dir, { recursive: true, force: true });
});

async function folder(files: Record<string, string>): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), "millrace-test-"));
  dirs.push(dir);
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(dir, name), text);
  return dir;
}

function dagFile(id: string): string {
  return `import { dag, task } from "@millrace/sdk";
const first = task(function first() { return 1; });
export default dag("${id}", {}, () => { first(); });
`;
}

function quietLog(events: { event: string; fields: object }[]) {
  const note = (fields: object, event: string) => void events.push({ event, fields });
  return { debug: note, info: note, warn: note, error: note };
}

async function options(server: FakeServer, dagFolder?: string): Promise<StartWorkerOptions> {
  const cacheDir = await folder({});
  return {
    access: { server: server.address, key: "k", deployKey: "d" },
    queues: ["default"],
    slots: 2,
    cacheDir,
    dagFolder,
    log: quietLog([]),
  };
}

test("a worker brings its folder to the server, and again after a change", async () => {
  await using server = await new FakeServer().start();
  const dir = await folder({ "a.ts": dagFile("a") });
  const worker = await startWorker(await options(server, dir));
  const [first] = server.registrations;
  expect(first?.folder).toBe(path.basename(dir));
  expect(first?.dags.map((dag) => dag.dagId)).toEqual(["a"]);
  expect(server.bundles.has(first?.dags[0]?.bundleDigest ?? "")).toBe(true);
  await writeFile(path.join(dir, "b.ts"), dagFile("b"));
  await server.until(() => server.registrations.length === 2);
  expect(server.registrations[1]?.dags.map((dag) => dag.dagId)).toEqual(["a", "b"]);
  await worker.stop();
  expect(server.closed).toHaveLength(2);
});

test("a worker runs tasks in one session and watches for them in another, each where it has slots", async () => {
  await using server = await new FakeServer().start();
  const told: (readonly string[])[] = [];
  const onSessions = (ids: readonly string[]) => void told.push(ids);
  const both = await startWorker({ ...(await options(server)), name: "both", onSessions });
  const announced = server.opened
    .map(({ workerName, slots, handlers, runsBundles }) => ({
      workerName,
      slots,
      handlers,
      runsBundles,
    }))
    .toSorted((one, other) => one.slots - other.slots);
  expect(announced).toEqual([
    { workerName: "both", slots: 2, handlers: [], runsBundles: true },
    {
      workerName: "both (waits)",
      slots: 10_000,
      handlers: ["trigger/http", "trigger/file", "trigger/s3", "trigger/nats", "trigger/kafka"],
      runsBundles: false,
    },
  ]);
  expect(told.at(-1)?.toSorted()).toEqual(["session-1", "session-2"]);
  await both.stop();
  const only = await startWorker({ ...(await options(server)), slots: 0, triggerSlots: 5 });
  expect(server.opened.slice(2).map(({ slots }) => slots)).toEqual([5]);
  await only.stop();
  const none = await startWorker({ ...(await options(server)), triggerSlots: 0 });
  expect(server.opened.slice(3).map(({ slots }) => slots)).toEqual([2]);
  await none.stop();
  const idle = { ...(await options(server)), slots: 0, triggerSlots: 0 };
  await expect(startWorker(idle)).rejects.toThrow("would do nothing");
});

test("a broken file is registered as an import error, logged once, and the rest as always", async () => {
  await using server = await new FakeServer().start();
  const dir = await folder({ "a.ts": dagFile("a"), "bad.ts": "const = 1;" });
  const events: { event: string; fields: object }[] = [];
  const worker = await startWorker({ ...(await options(server, dir)), log: quietLog(events) });
  expect(server.registrations[0]?.dags.map((dag) => dag.dagId)).toEqual(["a"]);
  expect(server.registrations[0]?.errors[0]?.message).toMatch(/^bad\.ts:1:7: /);
  await writeFile(path.join(dir, "c.ts"), dagFile("c"));
  await server.until(() => server.registrations.length === 2);
  await worker.stop();
  expect(events.filter(({ event }) => event === "folder.import_error")).toHaveLength(1);
});

test("a start without a server waits for it, until it is aborted", async () => {
  const probe = await new FakeServer().start();
  const gone = probe.address;
  probe.stop();
  const aborting = new AbortController();
  const dir = await folder({ "a.ts": dagFile("a") });
  const starting = startWorker({
    ...(await options(probe, dir)),
    access: { server: gone, key: "k", deployKey: "d" },
    signal: aborting.signal,
  });
  aborting.abort(new Error("enough"));
  await expect(starting).rejects.toThrow("enough");
});

test("a key that may not register ends the start with the reason, and leaves no session behind", async () => {
  await using server = await new FakeServer().start();
  server.refusesDags = "PERMISSION_DENIED";
  const dir = await folder({ "a.ts": dagFile("a") });
  await expect(startWorker(await options(server, dir))).rejects.toMatchObject({
    reason: "PERMISSION_DENIED",
  });
  await server.until(() => server.closed.length === server.opened.length);
});

test("the process by itself reads its keys, runs, and ends in order on SIGTERM", async () => {
  await using server = await new FakeServer().start();
  const stateDir = await folder({});
  await writeFile(path.join(stateDir, "worker.key"), "k\n");
  const child = fork(fileURLToPath(new URL("./main.ts", import.meta.url)), {
    stdio: "ignore",
    cwd: stateDir,
    env: {
      PATH: process.env["PATH"],
      MILLRACE_SERVER: server.address,
      MILLRACE_STATE_DIR: stateDir,
      MILLRACE_WORKER_KEY_FILE: path.join(stateDir, "worker.key"),
      MILLRACE_WORKER_NAME: "alone",
    },
  });
  const code = new Promise((resolve) => child.once("exit", (exitCode) => resolve(exitCode)));
  await server.until(() => server.opened.length === 2);
  expect(server.opened.map(({ workerName }) => workerName).toSorted()).toEqual([
    "alone",
    "alone (waits)",
  ]);
  await server.until(() => server.credit > 10_000);
  child.kill("SIGTERM");
  expect(await code).toBe(0);
  expect(server.closed).toHaveLength(2);
});
