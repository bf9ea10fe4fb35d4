/** The SDK's client against a running server: what a program that starts DAGs sees. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "@millrace/bus/testing";
import { Client, type RunUpdate } from "@millrace/sdk";
import { afterAll, beforeAll, describe, expect, expectTypeOf, test, vi } from "vitest";
import { etl, held, refuses } from "./client/dags.ts";
import { newStateDir, readEndpoint, startUp, type Millrace } from "./millrace.ts";
import { startMillrace } from "./process.ts";
import { waitFor } from "./wait.ts";

/** Runs of a busy machine take their time. */
vi.setConfig({ testTimeout: 120_000 });

const dags = fileURLToPath(new URL("client", import.meta.url));

function clientOf(stateDir: string): Client {
  const key = readFileSync(join(stateDir, "keys", "admin.key"), "utf8").trim();
  return new Client({ url: readEndpoint(stateDir).url, key });
}

async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

let millrace: Millrace;
let client: Client;
beforeAll(async () => {
  millrace = await startUp({ dags });
  await millrace.api.dagsAre(3);
  client = clientOf(millrace.stateDir);
});
afterAll(() => millrace[Symbol.asyncDispose]());

describe("a run", () => {
  test("is triggered with typed params, followed to its result, and its values keep their types", async () => {
    const run = await client.trigger(etl, {
      params: { region: "us", since: "2026-01-01" },
      note: "by a program",
    });
    const done = await run.finished({ timeout: "60s" });
    expect(done).toMatchObject({
      state: "success",
      type: "manual",
      params: { region: "us", since: "2026-01-01" },
      note: "by a program",
      counts: { success: 2 },
    });
    expect(done.endedAt).toBeInstanceOf(Date);
    expectTypeOf(run.xcom).returns.resolves.toBeUnknown();
    expect(await run.xcom("extract")).toEqual({
      at: new Date("2026-01-01"),
      rows: new Map([["us", 12n]]),
    });
    expect(await run.xcom("load")).toBe(undefined);
    expect(await run.xcom("load", { key: "count" })).toBe(1);
    await expect(run.xcom("nope")).rejects.toMatchObject({ reason: "TASK_NOT_FOUND" });
  });

  test("with wrong params does not compile, and is refused with the field", async () => {
    // @ts-expect-error -- region is a string
    await expect(client.trigger(etl, { params: { region: 1 } })).rejects.toMatchObject({
      reason: "PARAMS_INVALID",
      message: expect.stringContaining("region") as string,
    });
  });

  test("tells each change once, and ends with the final one", async () => {
    const updates = await listed((await client.trigger(etl)).watch());
    const states = updates.map((it) => it.run.state);
    expect(states.at(-1)).toBe("success");
    expect(states.filter((it) => it === "success")).toHaveLength(1);
    const last = new Map(updates.flatMap((it) => it.tasks).map((it) => [it.taskId, it.state]));
    expect(last).toEqual(
      new Map([
        ["extract", "success"],
        ["load", "success"],
      ]),
    );
  });

  test("that fails rejects with the reason and the run's id", async () => {
    const run = await client.trigger(refuses);
    await expect(run.result()).rejects.toMatchObject({
      reason: "RUN_FAILED",
      metadata: { run_id: run.id, dag_id: "refuses" },
    });
    const { snapshot } = await run.refresh();
    expect(snapshot).toMatchObject({ state: "failed", counts: { failed: 1, upstream_failed: 1 } });
  });

  test("is cancelled; waiting for it ends", async () => {
    const run = await client.trigger(held);
    // Listened to before the cancel: the rejection may come before the cancel's own answer does.
    const ended = expect(run.result()).rejects.toMatchObject({
      reason: "RUN_FAILED",
      metadata: { kind: "cancelled" },
    });
    await expect(run.result({ timeout: "50ms" })).rejects.toMatchObject({
      reason: "WAIT_TIMED_OUT",
    });
    await run.cancel();
    await ended;
    expect((await run.cancel()).snapshot).toMatchObject({
      state: "failed",
      failure: { kind: "cancelled" },
    });
  });

  test("has its logical date to itself", async () => {
    const logicalDate = "2020-02-29T00:00:00Z";
    const run = await client.trigger(etl, { logicalDate });
    expect(run.snapshot.logicalDate).toEqual(new Date(logicalDate));
    await expect(client.trigger(etl, { logicalDate })).rejects.toMatchObject({
      reason: "LOGICAL_DATE_TAKEN",
    });
  });
});

test("lists go over pages, and stop where their reader stops", async () => {
  const runs = await Promise.all(Array.from({ length: 60 }, () => client.trigger(etl)));
  const made = new Set(runs.map((it) => it.id));
  const found = await listed(client.runs({ dag: etl }));
  expect(found.length).toBeGreaterThanOrEqual(60);
  expect(found.filter((it) => made.has(it.id))).toHaveLength(60);
  expect(new Set(found.map((it) => it.id)).size).toBe(found.length);
  for await (const { dagId } of client.runs({ dag: "etl" })) {
    expect(dagId).toBe("etl");
    break;
  }
  await Promise.all(runs.map((it) => it.result()));
  const final = await listed(client.runs({ states: ["success"] }));
  expect(final.every((it) => it.snapshot.state === "success")).toBe(true);
});

test("DAGs are listed with their facts, found by tag and text", async () => {
  expect((await listed(client.dags())).map((it) => it.id)).toEqual(["etl", "held", "refuses"]);
  expect(await listed(client.dags({ tags: ["sales"] }))).toMatchObject([
    { id: "etl", schedule: "@yearly", isPaused: false },
  ]);
  expect(await listed(client.dags({ search: "no such text" }))).toEqual([]);
});

test("every error is one class with the server's reason", async () => {
  await expect(client.trigger("nope")).rejects.toMatchObject({
    name: "MillraceError",
    reason: "DAG_NOT_FOUND",
  });
  await expect(client.run("run_0")).rejects.toMatchObject({ reason: "RUN_NOT_FOUND" });
  const stranger = new Client({ url: readEndpoint(millrace.stateDir).url, key: "mr_wrong" });
  await expect(stranger.run("run_1")).rejects.toMatchObject({ reason: "UNAUTHENTICATED" });
});

test("a run is followed through a restart of the server", { timeout: 180_000 }, async () => {
  const stateDir = newStateDir();
  const args = ["--http-port", String(await freePort())];
  let up = await startUp({ dags, stateDir, args });
  try {
    await up.api.dagsAre(3);
    const run = await clientOf(stateDir).trigger(held);
    const seen: RunUpdate[] = [];
    const watching = startMillrace(["runs", "watch", run.id], { MILLRACE_STATE_DIR: stateDir });
    const following = (async () => {
      for await (const update of run.watch()) seen.push(update);
    })();
    await expect.poll(() => seen.length).toBeGreaterThan(0);
    await waitFor("the command to follow", () => watching.output().includes("▶ running"));
    await up.process.end("SIGKILL");
    up = await startUp({ dags, stateDir, args });
    await clientOf(stateDir)
      .run(run.id)
      .then((it) => it.cancel());
    await following;
    expect(await watching.ended).toBe(1);
    expect(watching.output()).toMatch(/✘ failed held /);
    expect(seen.at(-1)?.run).toMatchObject({ id: run.id, state: "failed" });
  } finally {
    await up[Symbol.asyncDispose]();
  }
});
