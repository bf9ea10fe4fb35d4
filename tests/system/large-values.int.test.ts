/** Values of many megabytes, and pulled ones, on the real thing: `millrace up`, its worker, and a client. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@millrace/sdk";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { counter, gated, handed, mapped, pulled, refused } from "./large/dags.ts";
import { readEndpoint, startUp, type Millrace } from "./millrace.ts";
import { waitFor } from "./wait.ts";

/** Some wait several times, for runs that handle megabytes. */
vi.setConfig({ testTimeout: 180_000 });

const dags = fileURLToPath(new URL("large", import.meta.url));

let millrace: Millrace;
let client: Client;
let blobs: string;
beforeAll(async () => {
  millrace = await startUp({ dags });
  await millrace.api.dagsAre(6);
  const { stateDir } = millrace;
  const key = readFileSync(join(stateDir, "keys", "admin.key"), "utf8").trim();
  client = new Client({ url: readEndpoint(stateDir).url, key });
  blobs = join(stateDir, "blobs");
});
afterAll(() => millrace[Symbol.asyncDispose]());

async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const folderOf = (runId: string): string[] => readdirSync(join(blobs, runId));

describe("large values", () => {
  test("10 MB go from task to task and to whoever asks for the run's result", async () => {
    const run = await client.trigger(handed);
    const result = await run.result({ timeout: "60s" });
    expect(result).toMatchObject({ count: 10_000, last: 9_999, isDate: true });
    expect(result.rows[4_321]).toEqual({ id: 4_321, text: "é".repeat(488) });
    expect(folderOf(run.id)).toHaveLength(2);
    expect(await run.xcom("make")).toMatchObject({ at: new Date(0) });
  });

  test("a task is mapped over a list of 5 MB, and its values are gathered", async () => {
    const run = await client.trigger(mapped);
    expect(await run.result({ timeout: "60s" })).toBe((4_999 * 5_000) / 2);
    const ids = (await run.xcom("upper", { key: "ids", mapIndex: 4 })) as number[];
    expect(ids[0]).toBe(4_000);
    // The made list, its chunks, and what the five instances returned.
    expect(folderOf(run.id)).toHaveLength(7);
  });

  test("more than 64 MiB fail their task, and the message says what to do", async () => {
    const run = await client.trigger(refused);
    await expect(run.result({ timeout: "60s" })).rejects.toMatchObject({ reason: "RUN_FAILED" });
    const [task] = await listed(run.tasks());
    expect(task?.failure).toMatchObject({ type: "VALUE_TOO_LARGE" });
    expect(task?.failure?.message).toContain("at most 67108864 are allowed. Store it elsewhere");
  });
});

describe("a store that fails", () => {
  test("of which a value is gone fails what needs it, with its reason, and is tried again", async () => {
    const file = join(millrace.stateDir, "go");
    const run = await client.trigger(gated, { params: { file } });
    const folder = join(blobs, run.id);
    // Before that the value may be there, and not be known to be: moved away then, it is brought again.
    const isMade = async () =>
      (await listed(run.tasks())).some(
        ({ taskId, state }) => taskId === "make" && state === "success",
      );
    await waitFor("the value", isMade);
    renameSync(folder, `${folder}-away`);
    writeFileSync(file, "");
    await expect(run.finished({ timeout: "60s" })).rejects.toMatchObject({ reason: "RUN_FAILED" });
    const size = (await listed(run.tasks())).find(({ taskId }) => taskId === "size");
    expect(size?.failure).toMatchObject({ kind: "setup", type: "BLOB_NOT_FOUND" });
    await expect(run.xcom("make")).rejects.toMatchObject({ reason: "BLOB_NOT_FOUND" });
    renameSync(`${folder}-away`, folder);
    await run.clear({ onlyFailed: true });
    expect(await run.result({ timeout: "60s" })).toBe(1_000);
  });

  test("that cannot be written to holds its task back until it can", async () => {
    const away = `${blobs}-away`;
    renameSync(blobs, away);
    writeFileSync(blobs, "a file in the place of the store");
    const run = await client.trigger(handed);
    const log = join(millrace.stateDir, "logs", "worker.log");
    await waitFor("the worker to say so", () =>
      readFileSync(log, "utf8").includes("The store of large values cannot be used"),
    );
    rmSync(blobs);
    mkdirSync(blobs);
    expect(await run.result({ timeout: "60s" })).toMatchObject({ count: 10_000 });
    rmSync(blobs, { recursive: true });
    renameSync(away, blobs);
  });
});

describe("pulled values", () => {
  test("are those that tasks returned and left, by the table of docs/xcoms.md", async () => {
    const run = await client.trigger(pulled);
    expect(await run.result({ timeout: "60s" })).toEqual({
      returned: [0, null, 3],
      doubles: [0, 2, 4, 6],
      reason: "two is skipped",
      one: [null, "none"],
      nothing: "none",
      several: [undefined, 0, null, 3],
      unknown: expect.stringContaining('has no task "laeve"') as string,
    });
  });

  test("of prior dates are those of the newest run that left any", async () => {
    for (const [n, day] of ["01-01", "01-02", "01-03"].entries()) {
      const run = await client.trigger(counter, { logicalDate: `2026-${day}T00:00Z` });
      expect(await run.result({ timeout: "60s" })).toBe(n + 1);
    }
    const between = await client.trigger(counter, { logicalDate: "2026-01-02T12:00:00Z" });
    expect(await between.result({ timeout: "60s" })).toBe(3);
  });
});

test("deleting a DAG deletes what its runs have stored", async () => {
  const run = await client.trigger(handed);
  await run.finished({ timeout: "60s" });
  expect(folderOf(run.id)).toHaveLength(2);
  await millrace.api.dags.deleteDag({ requestId: "delete handed", dagId: "handed" });
  await waitFor("the values to go", () => !readdirSync(blobs).includes(run.id));
});
