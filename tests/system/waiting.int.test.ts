/** Tasks that wait without a slot: the real server, worker and triggerer, a real HTTP server, files, and a program that answers. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client, type ClientRun } from "@millrace/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readEndpoint, startUp, type Millrace } from "./millrace.ts";
import { killers } from "./thousand.ts";
import { waitFor } from "./wait.ts";
import { hasty, patient, waits } from "./waiting/waits.ts";

const dags = fileURLToPath(new URL("waiting", import.meta.url));
const limitMs = 120_000;

let millrace: Millrace;
let client: Client;
const files = mkdtempSync(join(tmpdir(), "millrace-waiting-"));

/** What the URL answers by now. */
const site = { isReady: false };
const other = createServer((request, response) => {
  if (!site.isReady) response.statusCode = 404;
  const isJob = request.url === "/job";
  if (isJob) response.setHeader("content-type", "application/json");
  response.end(isJob ? '{"state":"done"}' : "big");
});

beforeAll(async () => {
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  millrace = await startUp({ dags, args: ["--slots", "1"] });
  await millrace.api.dagsAre(3);
  const { stateDir } = millrace;
  const key = readFileSync(join(stateDir, "keys", "admin.key"), "utf8").trim();
  client = new Client({ url: readEndpoint(stateDir).url, key });
}, limitMs);

afterAll(async () => {
  await millrace[Symbol.asyncDispose]();
  other.closeAllConnections();
  other.close();
  rmSync(files, { recursive: true, force: true });
}, limitMs);

/** States by task. */
async function statesOf(run: ClientRun): Promise<Record<string, string>> {
  const states: Record<string, string> = {};
  for await (const task of run.tasks()) states[task.taskId] = task.state;
  return states;
}

async function untilStates(run: ClientRun, wanted: Record<string, string>): Promise<void> {
  let last: Record<string, string> = {};
  const look = async () => {
    last = await statesOf(run);
    return Object.entries(wanted).every(([id, state]) => last[id] === state);
  };
  await waitFor(JSON.stringify(wanted), look).catch((error: unknown) => {
    throw new Error(`${String(error)} Last: ${JSON.stringify(last)}`);
  });
}

/** Answers the open question of a task, once it is asked. */
async function answer(run: ClientRun, taskId: string, values: Record<string, unknown>) {
  const asked = await waitFor(`the question of ${taskId}`, async () => {
    for await (const input of client.inputs({ run })) if (input.taskId === taskId) return input;
    return null;
  });
  await client.answer(asked, values);
}

test(
  "all of them wait with one slot between them, and go on with what comes",
  { timeout: limitMs },
  async () => {
    const folder = join(files, "in");
    mkdirSync(folder);
    const { port } = other.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/size`;
    const run = await client.trigger(waits, { params: { folder, url, port } });
    await untilStates(run, {
      train: "deferred",
      rows: "deferred",
      size: "deferred",
      copies: "awaiting_input",
      file_sensor: "deferred",
      http_sensor: "deferred",
      wait_for: "success",
    });

    writeFileSync(join(folder, "orders.csv"), "1,2");
    site.isReady = true;
    const tokenOf = async (task: string) => String(await run.xcom(task, { key: "token" }));
    await client.completeToken(await tokenOf("train"), 0.9);
    await client.completeToken(await tokenOf("rows"), [1, 2, 3]);
    await expect(client.completeToken(await tokenOf("rows"), [1])).rejects.toMatchObject({
      reason: "TASK_TOKEN_USED",
    });
    await answer(run, "copies", { copies: 2 });
    await answer(run, "release", { decision: "approve" });
    const done = await run.finished({ timeout: "60s" });
    expect(done.state).toBe("success");

    expect(await run.xcom("train")).toBe("trained: 0.9");
    expect(await run.xcom("rows")).toEqual([1, 2, 3]);
    expect(await run.xcom("add", { mapIndex: 2 })).toBe(4);
    expect(await run.xcom("copies")).toEqual({ copies: 2, kind: "paper" });
    expect(await run.xcom("file_sensor")).toBe(folder);
    expect(await run.xcom("http_sensor")).toEqual({ status: 200, body: { state: "done" } });
    expect(await run.xcom("size")).toBe("big");
    expect(await statesOf(run)).toMatchObject({
      said: "success",
      said__1: "skipped",
      said__2: "success",
    });
  },
);

test(
  "a wait whose time is over fails, is skipped, or takes its defaults",
  { timeout: limitMs },
  async () => {
    const run = await client.trigger(hasty);
    await untilStates(run, { file_sensor: "skipped", fails: "failed", asks: "success" });
    expect(await run.xcom("asks")).toEqual({ n: 7 });
  },
);

test(
  "the watches of a worker that was killed go on in the next",
  { timeout: limitMs },
  async () => {
    const folder = join(files, "late");
    mkdirSync(folder);
    const runs = await Promise.all(
      Array.from({ length: 20 }, () => client.trigger(patient, { params: { folder } })),
    );
    for (const run of runs) await untilStates(run, { file_sensor: "deferred" });
    killers.worker(millrace);
    writeFileSync(join(folder, "orders.csv"), "1,2");
    for (const run of runs) await run.finished({ timeout: "60s" });
  },
);
