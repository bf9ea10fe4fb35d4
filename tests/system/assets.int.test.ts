/** A watched file makes events, which make runs; a task whose target exists is not run again: the real server and worker. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { writeFileAtomically } from "@millrace/operators";
import { Client } from "@millrace/sdk";
import {
  AssetEventSource,
  AssetService,
  DagRunService,
  RunType,
  TaskInstanceService,
} from "@millrace/wire/v1";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readEndpoint, startUp, type Millrace } from "./millrace.ts";
import { waitFor } from "./wait.ts";

const limitMs = 120_000;
const folder = mkdtempSync(join(tmpdir(), "millrace-watched-"));
let millrace: Millrace;
let key: string;
let url: string;

beforeAll(async () => {
  process.env["WATCHED_FOLDER"] = folder;
  millrace = await startUp({ dags: fileURLToPath(new URL("assets", import.meta.url)) });
  await millrace.api.dagsAre(4);
  key = readFileSync(join(millrace.stateDir, "keys", "admin.key"), "utf8").trim();
  ({ url } = readEndpoint(millrace.stateDir));
}, limitMs);
afterAll(async () => {
  delete process.env["WATCHED_FOLDER"];
  await millrace[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
}, limitMs);

function api() {
  return createConnectTransport({
    baseUrl: url,
    httpVersion: "1.1",
    interceptors: [
      (next) => (request) => {
        request.header.set("authorization", `Bearer ${key}`);
        return next(request);
      },
    ],
  });
}

test(
  "each change of a watched file is an event, and each event makes a run",
  { timeout: limitMs },
  async () => {
    const assets = createClient(AssetService, api());
    const runs = createClient(DagRunService, api());
    const eventsOf = async () =>
      (await assets.listAssetEvents({ asset: "x-test://orders" })).events;
    const runsOf = async () => (await runs.listDagRuns({ dagId: "on_orders" })).runs;
    expect(await eventsOf()).toEqual([]);
    for (const n of [1, 2]) {
      // Whole or not at all: looked at while it is being written, it would be an event more.
      await writeFileAtomically(join(folder, "orders.csv"), "a".repeat(n));
      await waitFor(`event ${n}`, async () => (await eventsOf()).length === n);
      await waitFor(`run ${n}`, async () => (await runsOf()).length === n);
    }
    const [newest] = await eventsOf();
    expect(newest).toMatchObject({ source: AssetEventSource.WATCHER, name: "x-test://orders" });
    expect(Buffer.from(newest!.extra!.data).toString()).toContain('"size":2');
    expect((await runsOf()).map(({ runType }) => runType)).toEqual([
      RunType.ASSET_TRIGGERED,
      RunType.ASSET_TRIGGERED,
    ]);
    const { asset } = await assets.getAsset({ asset: "x-test://orders" });
    expect(asset?.watchers).toMatchObject([{ handler: "file", hasTriggerer: true, problem: "" }]);
    expect(asset?.watchers[0]?.firedAt).toBeDefined();
  },
);

test(
  "a task whose target exists is not run again, has its value, and says so",
  { timeout: limitMs },
  async () => {
    const client = new Client({ url, key });
    const first = await client.trigger("twice");
    expect(await first.result()).toBe(7);
    const second = await client.trigger("twice");
    expect(await second.result()).toBe(7);
    const tasks = createClient(TaskInstanceService, api());
    const explain = async (run: { id: string }) =>
      (await tasks.explainTaskInstance({ runId: run.id, taskId: "report" })).reasons[0]?.message;
    const target = `file://${join(folder, "twice.json")}`;
    expect(await explain(first)).not.toContain("target");
    expect(await explain(second)).toContain(
      `Its target ${target} existed, so its body was not run.`,
    );
  },
);

test(
  "what is made of a partition makes the run of that partition, once all of it is there",
  { timeout: limitMs },
  async () => {
    const client = new Client({ url, key });
    const runs = createClient(DagRunService, api());
    const keysOf = async () =>
      (await runs.listDagRuns({ dagId: "reporting" })).runs.map((run) => run.partitionKey);
    await (await client.trigger("loading", { partitionKey: "2026-01-03" })).result();
    const waiting = async () => (await client.assets.waiting("reporting"))?.partitions ?? [];
    await waitFor("the day to wait", async () => (await waiting()).length > 0);
    expect(await waiting()).toEqual([
      {
        ...{ partitionKey: "2026-01-03", isMet: false },
        message: "an event of x-test://sales and 0 of 2 keys of x-test://rates",
      },
    ]);
    const made = await client.trigger("loading", { partitionKey: "2026-01-02" });
    await made.result();
    expect(made.snapshot.partitionKey).toBe("2026-01-02");
    await waitFor("the run", async () => (await keysOf()).length > 0);
    expect(await keysOf()).toEqual(["2026-01-02"]);
    const [run] = (await runs.listDagRuns({ dagId: "reporting" })).runs;
    expect(await (await client.run(run!.runId)).result()).toEqual([
      "2026-01-02",
      ["2026-01-02", "2026-01-02|eu", "2026-01-02|us"],
    ]);
  },
);
