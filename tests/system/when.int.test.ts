/** When runs happen and what holds them back, as the command line and a program see it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@millrace/sdk";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { readEndpoint, startUp, type Millrace } from "./millrace.ts";
import type { CommandResult } from "./process.ts";
import { waitFor } from "./wait.ts";
import { daily, held } from "./when/dags.ts";

/** Each starts several processes, one after the other. */
vi.setConfig({ testTimeout: 120_000 });

const dagCount = 7;

let millrace: Millrace;
let client: Client;
beforeAll(async () => {
  millrace = await startUp({ dags: fileURLToPath(new URL("when", import.meta.url)) });
  await millrace.api.dagsAre(dagCount);
  const key = readFileSync(join(millrace.stateDir, "keys", "admin.key"), "utf8").trim();
  client = new Client({ url: readEndpoint(millrace.stateDir).url, key });
});
afterAll(() => millrace[Symbol.asyncDispose]());

const cli = (...args: string[]): Promise<CommandResult> => millrace.cli(...args);

async function json<T = object>(...args: string[]): Promise<T> {
  const { stdout, stderr } = await cli(...args, "--json");
  expect(stdout, stderr).not.toBe("");
  return JSON.parse(stdout) as T;
}

async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const january = ["--from", "2026-01-01", "--to", "2026-01-05"];

describe("backfills of the command line", () => {
  test("a dry run lists each date with what would become of it, and makes nothing", async () => {
    const { code, stdout, stderr } = await cli(
      "backfills",
      "create",
      "daily",
      ...january,
      "--dry-run",
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^# +LOGICAL DATE +DATA TO +OUTCOME +RUN +STATE\n/);
    expect(stdout).toMatch(/\n5 +2026-01-05 00:00:00Z .* made +- +-\n$/);
    expect(stderr).toMatch(/5 dates: 5 to be made, .*Nothing was made\./);
    const few = await cli("backfills", "create", "daily", ...january, "--dry-run", "--limit", "2");
    expect(few.stdout.trim().split("\n")).toHaveLength(3);
    expect(few.stderr).toContain("--limit above 2");
    const shown = await json<{ preview: object; dates: object[] }>(
      ...["backfills", "create", "daily", ...january, "--dry-run", "--reverse"],
    );
    expect(shown.preview).toEqual({ dates: 5, made: 5 });
    expect(shown.dates[0]).toMatchObject({ ordinal: 1, logicalDate: "2026-01-05T00:00:00Z" });
    expect(await cli("backfills", "list")).toMatchObject({
      ...{ code: 0, stdout: "" },
      stderr: expect.stringContaining("millrace backfills create <dag-id>") as string,
    });
  });

  test("create --wait follows it to its end, and ends with 1 when a run of it failed", async () => {
    const done = await cli("backfills", "create", "daily", ...january, "--wait", "--note", "anew");
    expect(done.code).toBe(1);
    expect(done.stderr).toMatch(/5 of 5 done, 1 failed/);
    expect(done.stderr).toMatch(/✘ 1 run of backfill_\w+ failed; .*--reprocess failed/);
    const id = /backfill_\w+/.exec(done.stderr)![0];
    const shown = await cli("backfills", "show", id, "--dates");
    expect(shown.code).toBe(0);
    expect(shown.stdout).toMatch(new RegExp(`^${id} of daily: completed\n`));
    expect(shown.stdout).toMatch(/by .*user:admin.*: anew\n/);
    expect(shown.stdout).toMatch(/\n3 +2026-01-03 .* made +run_\w+ +✘ failed\n/);
    expect(shown.stdout).toMatch(/\n4 +2026-01-04 .* made +run_\w+ +✔ success\n/);
    const runId = / made +(run_\w+)/.exec(shown.stdout)![1]!;
    expect((await cli("runs", "show", runId)).stdout).toContain(`backfill  ${id}\n`);
    const told = await json<{ backfill: object; dates: object[] }>(
      "backfills",
      "show",
      id,
      "--dates",
    );
    expect(told.backfill).toMatchObject({
      ...{ backfillId: id, state: "BACKFILL_STATE_COMPLETED" },
      progress: { dates: 5, success: 4, failed: 1 },
    });
    expect(told.dates).toHaveLength(5);
    const list = await cli("backfills", "list", "--dag", "daily");
    expect(list.stdout).toMatch(new RegExp(`\n${id} +daily +completed .* 5/5 +1\n$`));
    expect((await cli("backfills", "list", "--open")).stderr).toContain("No such backfills.");
  });

  test("the same request id makes one backfill; another one of the DAG meanwhile is refused as a conflict", async () => {
    const range = ["--from", "2026-02-01", "--to", "2026-02-03", "--max-active-runs", "1"];
    const ask = ["backfills", "create", "held", ...range, "--request-id", "when-1"];
    const first = await cli(...ask);
    expect(first).toMatchObject({ code: 0 });
    const id = first.stdout.trim();
    expect(id).toMatch(/^backfill_\w+$/);
    expect(first.stderr).toContain(`millrace backfills show ${id} --wait`);
    expect((await cli(...ask)).stdout.trim()).toBe(id);
    const other = await cli("backfills", "create", "held", ...range);
    expect(other).toMatchObject({ code: 5, stdout: "" });
    expect(other.stderr).toMatch(new RegExp(`^✘ held has the backfill ${id}, which is not over`));

    expect((await cli("backfills", "pause", id)).stderr).toBe(`${id} is paused.\n`);
    expect((await cli("backfills", "show", id)).stdout).toMatch(/held by .* is paused; resume it/);
    expect(await json("backfills", "resume", id)).toMatchObject({
      backfill: { backfillId: id, state: "BACKFILL_STATE_RUNNING" },
    });
    const asks = await cli("backfills", "cancel", id);
    expect(asks).toMatchObject({ code: 2, stderr: expect.stringContaining("--yes") as string });
    expect((await cli("backfills", "cancel", id, "--yes")).stderr).toMatch(/is cancel/);
    await waitFor("the backfill to be over", async () =>
      (await cli("backfills", "show", id)).stdout.includes(": cancelled"),
    );
    const followed = await cli("backfills", "show", id, "--wait");
    expect(followed).toMatchObject({ code: 1 });
    expect(followed.stderr).toContain(`✘ ${id} was cancelled.`);
  });

  test.each([
    [["create", "nope", ...january], 3, 'No DAG has the id "nope".'],
    [["create", "loading", ...january], 5, "no schedule"],
    [["create", "reporting", ...january], 5, "assets"],
    [["create", "daily", "--from", "2026-01-05", "--to", "2026-01-01"], 2, "is before"],
    [["create", "daily", "--from", "2999-01-01", "--to", "2999-01-02"], 2, "in the future"],
    [["show", "backfill_zzz"], 3, 'No backfill has the id "backfill_zzz".'],
    [["pause", "backfill_zzz"], 3, "backfill_zzz"],
    [["resume", "run_1"], 3, "run_1"],
    [["cancel", "backfill_zzz", "--yes"], 3, "backfill_zzz"],
    [["list", "--dag", "nope"], 0, "No such backfills."],
  ])("backfills %j ends with %d and says why", async (args, code, message) => {
    const done = await cli("backfills", ...args);
    expect(done).toMatchObject({ code, stdout: "" });
    expect(done.stderr).toContain(message);
  });
});

describe("backfills of a program", () => {
  test("are previewed, followed to their end, and their dates listed with their runs", async () => {
    const range = { from: "2026-03-01T00:00Z", to: "2026-03-04T00:00Z" };
    const previewed = await listed(client.previewBackfill(daily, { ...range, reverse: true }));
    expect(previewed.map(({ outcome }) => outcome)).toEqual(["made", "made", "made", "made"]);
    expect(previewed[0]).toMatchObject({
      ordinal: 1,
      logicalDate: new Date("2026-03-04"),
      runId: null,
    });
    const backfill = await client.backfill(daily, {
      ...range,
      maxActiveRuns: 2,
      note: "by a program",
    });
    expect(backfill.snapshot).toMatchObject({
      dagId: "daily",
      note: "by a program",
      endedAt: null,
    });
    const done = await backfill.finished({ timeout: "60s" });
    expect(done).toMatchObject({
      state: "completed",
      progress: { dates: 4, success: 4, pending: 0 },
    });
    const dates = await listed(backfill.dates());
    expect(dates.map(({ runState }) => runState)).toEqual(Array(4).fill("success"));
    expect((await client.run(dates[0]!.runId!)).snapshot).toMatchObject({ type: "backfill" });
    const again = await listed(
      client.previewBackfill("daily", { ...range, reprocess: "completed" }),
    );
    expect(again.map(({ outcome }) => outcome)).toEqual(Array(4).fill("rerun"));
    const [newest] = await listed(client.backfills({ dag: daily }));
    expect(newest?.id).toBe(backfill.id);
  });

  test("are paused, resumed and cancelled; waiting for one that goes on ends with its time", async () => {
    const made = await client.backfill(held, {
      ...{ from: "2026-04-01T00:00Z", to: "2026-04-30T00:00Z", maxActiveRuns: 1 },
    });
    const state = async () => (await (await client.findBackfill(made.id)).refresh()).snapshot.state;
    await made.pause();
    expect(await state()).toBe("paused");
    await made.resume();
    expect(await state()).toBe("running");
    expect((await listed(client.backfills({ openOnly: true }))).map(({ id }) => id)).toEqual([
      made.id,
    ]);
    await expect(made.finished({ timeout: "1s" })).rejects.toMatchObject({
      reason: "WAIT_TIMED_OUT",
    });
    await made.cancel();
    const done = await made.finished({ timeout: "60s" });
    expect(done).toMatchObject({ state: "cancelled" });
    // Dates whose turn had not come have no run; runs that waited were cancelled, and count as failed.
    expect(done.progress.pending + done.progress.failed).toBeGreaterThan(0);
    await made.cancel();
    expect(await state()).toBe("cancelled");
  });

  test.each([
    [{ from: "2026-01-05T00:00Z", to: "2026-01-01T00:00Z" }, "FIELD_INVALID", "is before"],
    [{ from: "yesterday", to: "2026-01-01T00:00Z" }, "FIELD_INVALID", "from is yesterday"],
    [
      { from: "2026-01-01T00:00Z", to: "2026-01-02T00:00Z", maxActiveRuns: 5000 },
      ...["FIELD_INVALID", "1 to 1000"],
    ],
  ] as const)("%j is refused with a reason and a sentence", async (options, reason, words) => {
    await expect(client.backfill(daily, options)).rejects.toMatchObject({
      ...{ reason, message: expect.stringContaining(words) as string },
    });
  });

  test("one that does not exist is not found", async () => {
    await expect(client.findBackfill("backfill_zzz")).rejects.toMatchObject({
      reason: "BACKFILL_NOT_FOUND",
    });
  });
});

describe("pools", () => {
  test("are made, listed, shown, changed and deleted; what waits for one names who is in it", async () => {
    const made = await cli(
      "pools",
      "create",
      "warehouse",
      "--slots",
      "1",
      "--description",
      "of the shop",
    );
    expect(made).toMatchObject({ code: 0, stdout: "" });
    expect((await cli("pools", "create", "warehouse", "--slots", "2")).code).toBe(5);
    const first = await millrace.api.trigger("copies");
    const second = await millrace.api.trigger("copies");
    const explain = async (runId: string) => (await cli("tasks", "explain", runId, "copy")).stdout;
    const [running, waiting] = await waitFor("one to run and one to wait", async () => {
      const told = await Promise.all([first, second].map(explain));
      const [runs, waits] = ["▶", "Held by"].map((word) =>
        told.findIndex((text) => text.includes(word)),
      );
      // They are told one after the other: of one that is about to run and one that waits for it neither runs yet.
      return runs === -1 || waits === -1
        ? null
        : [[first, second][runs!]!, [first, second][waits!]!];
    });
    expect(await explain(waiting)).toMatch(
      new RegExp(
        `pool: Waits for a slot of the pool "warehouse"\\. 0 of 1 are open\\. Held by copies ${running} copy\\.`,
      ),
    );
    await waitFor("the use to be shown", async () =>
      /warehouse +1 +1 +0 \(not counted\) +1 +0 +of the shop/.test(
        (await cli("pools", "list")).stdout,
      ),
    );
    expect((await cli("pools", "show", "warehouse")).stdout).toMatch(
      /^warehouse of the shop\nslots +1\n/,
    );
    expect((await cli("pools", "update", "warehouse", "--slots", "2")).code).toBe(0);
    await waitFor("the second to run", async () => (await explain(waiting)).includes("▶ running"));
    expect(await json("pools", "show", "warehouse")).toMatchObject({ name: "warehouse", slots: 2 });
    await Promise.all([first, second].map((runId) => cli("runs", "cancel", runId)));
    expect((await cli("pools", "delete", "warehouse")).code).toBe(0);
  });

  test.each([
    [["show", "none"], 3, 'There is no pool "none".'],
    [["update", "none", "--slots", "2"], 3, "none"],
    [["update", "default_pool"], 2, "Say what to change"],
    [["delete", "default_pool"], 5, "default_pool"],
    [["create", "a b", "--slots", "2"], 2, "a b"],
  ])("pools %j ends with %d and says why", async (args, code, message) => {
    const done = await cli("pools", ...args);
    expect(done).toMatchObject({ code, stdout: "" });
    expect(done.stderr).toContain(message);
  });
});

describe("assets", () => {
  test("are listed and shown with who makes them and who waits, and what is still missing", async () => {
    const list = await cli("assets", "list");
    expect(list.stdout).toMatch(/\ns3:\/\/shop\/orders +orders +shop +- +1 task +1 DAG\n/);
    const shown = await cli("assets", "show", "orders");
    expect(shown.stdout).toMatch(/^s3:\/\/shop\/orders\nname +orders\n/);
    expect(shown.stdout).toMatch(/\nloading +load +makes it +-\nreporting +- +waits for it +0\n/);
    const waiting = await cli("assets", "waiting", "reporting");
    expect(waiting).toMatchObject({ code: 0 });
    expect(waiting.stdout).toMatch(/0 of 3 events of s3:\/\/shop\/orders/);
    expect((await cli("assets", "waiting", "daily")).stderr).toContain("not scheduled on assets");
  });

  test("get events by hand and by tasks, each with what it says, and the last one needed makes a run", async () => {
    const emitted = await cli(
      "assets",
      "emit",
      "orders",
      "--extra",
      '{"rows":3}',
      "--request-id",
      "e1",
    );
    expect(emitted.stdout).toMatch(/^\d+\n$/);
    expect(
      (await cli("assets", "emit", "orders", "--request-id", "e1", "--extra", '{"rows":3}')).stdout,
    ).toBe(emitted.stdout);
    const made = await cli("assets", "materialize", "orders", "--watch");
    expect(made).toMatchObject({ code: 0 });
    const events = await cli("assets", "events", "orders");
    expect(events.stdout).toMatch(/loading load run_\w+ .*\{"rows":12\}\n/);
    expect(events.stdout).toMatch(/user:admin .*\{"rows":3\}\n/);
    expect((await cli("assets", "waiting", "reporting")).stdout).toContain("2 of 3 events");
    await cli("assets", "emit", "s3://shop/orders");
    const run = await waitFor("the run of the three events", async () => {
      const { runs } = await json<{ runs?: { runId: string; runType: string }[] }>(
        ...["runs", "list", "--dag", "reporting"],
      );
      return runs?.[0];
    });
    expect(run.runType).toBe("RUN_TYPE_ASSET_TRIGGERED");
    const used = await json<{ events: object[] }>("assets", "events", "--made", run.runId);
    expect(used.events).toHaveLength(3);
    expect((await cli("runs", "show", run.runId)).stdout).toContain(`--made ${run.runId}`);
    await cli("runs", "cancel", run.runId);
  });

  test.each([
    [["show", "none"], 3, "none"],
    [["events", "none"], 3, "none"],
    [["emit", "none"], 3, "none"],
    [["materialize", "none"], 3, "none"],
    [["waiting", "none"], 3, 'No DAG has the id "none".'],
  ])("assets %j ends with %d and says why", async (args, code, message) => {
    const done = await cli("assets", ...args);
    expect(done).toMatchObject({ code, stdout: "" });
    expect(done.stderr).toContain(message);
  });
});

describe("what comes next, and why not yet", () => {
  test("next-runs lists what the schedule makes, and says what holds it back", async () => {
    const next = await cli("dags", "next-runs", "parent", "--count", "3");
    expect(next.stdout.trim().split("\n")).toHaveLength(4);
    expect(next.stdout).toMatch(/^DUE +LOGICAL DATE +DATA FROM +TO\n\d{4}-\d\d-\d\d 0[45]:00:00Z /);
    const { plannedRuns } = await json<{ plannedRuns: object[] }>("dags", "next-runs", "daily");
    expect(plannedRuns).toHaveLength(10);
    await cli("dags", "pause", "daily");
    expect((await cli("dags", "next-runs", "daily")).stderr).toContain("The DAG is paused");
    await cli("dags", "unpause", "daily");
    const byHand = await cli("dags", "next-runs", "loading");
    expect(byHand).toMatchObject({ code: 0, stdout: "" });
    expect(byHand.stderr).toContain("made by hand");
    expect((await cli("dags", "next-runs", "reporting")).stderr).toContain("more event");
    expect(await cli("dags", "next-runs", "nope")).toMatchObject({ code: 3 });
  });

  test("dependencies are told with the task that makes them, of all DAGs or around one", async () => {
    const { stdout } = await cli("dags", "dependencies");
    expect(stdout).toMatch(/\nparent +triggers +loading +trigger_loading\n/);
    expect((await cli("dags", "dependencies", "loading")).stdout).toContain("parent");
    expect((await cli("dags", "dependencies", "daily")).stderr).toContain("triggers no DAG");
    expect(await cli("dags", "dependencies", "nope")).toMatchObject({ code: 3 });
  });

  test("a run whose key another one has says which, and deadlines are told with the time that is left", async () => {
    const first = await millrace.api.trigger("per_customer");
    await waitFor("the first to run", async () =>
      (await cli("tasks", "list", first)).stdout.includes("▶ running"),
    );
    const second = await millrace.api.trigger("per_customer");
    const held = await cli("tasks", "explain", second, "wait");
    expect(held.stdout).toContain(`concurrency_key: The run ${first} has the same concurrency key`);
    const runId = await millrace.api.trigger("copies");
    expect((await cli("runs", "deadlines", runId)).stdout).toMatch(/\nthe run +an hour +pending +/);
    expect((await cli("runs", "show", runId)).stdout).toMatch(
      /\ndeadline +an hour, due .*\(in \d+ min/,
    );
    expect(await cli("runs", "deadlines", "run_0")).toMatchObject({ code: 3 });
    await Promise.all([first, second, runId].map((id) => cli("runs", "cancel", id)));
  });
});
