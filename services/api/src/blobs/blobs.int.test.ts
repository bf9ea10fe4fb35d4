/** Large values on their way through a server: from a worker, to workers, to people, and away. */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { TaskState } from "@millrace/engine";
import { createLogger } from "@millrace/service";
import { attemptIdOf, writeBlobRef } from "@millrace/wire";
import { DagService, TaskInstanceService } from "@millrace/wire/v1";
import type { UploadBlobRequest } from "@millrace/wire/worker";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { workerLimits } from "../limits.ts";
import { chainSpec, requestId } from "../testing/dag-specs.ts";
import { reasonOf, refusalOf } from "../testing/errors.ts";
import { startFakeOwner, type FakeOwner } from "../testing/fake-owner.ts";
import { beginRun, putInstance, type TestRun } from "../testing/instances.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";
import { openTestSession } from "../testing/test-worker.ts";
import { openBlobStore } from "./open-blob-store.ts";
import { deleteOrphans, orphanedAfterMs } from "./sweep.ts";

let root: string;
let api: TestApi;
let owner: FakeOwner;
let held: Awaited<ReturnType<typeof openTestSession>>;
let dagId: string;
let run: TestRun;
let serial = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "millrace-blobs-"));
  api = await startTestApi({ blobStore: pathToFileURL(root).href });
  owner = startFakeOwner(api);
  held = await openTestSession(api);
});
afterAll(async () => {
  owner.stop();
  await api[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});
beforeEach(async () => {
  dagId = `etl_${++serial}`;
  const dags = [chainSpec(dagId, ["make", "take"])];
  const folder = `blobs_${serial}`;
  await api.http(DagService).registerDags({ requestId: requestId(), folder, dags });
  run = await beginRun(api, dagId);
  const running = { state: TaskState.running, sessionKey: Number(held.key) };
  await putInstance(api, { runKey: run.runKey, ix: 0 }, running);
});

const attemptId = () => attemptIdOf({ shard: 1, runKey: run.runKey, ix: 0, mapIx: -1, attempt: 1 });
const digestOf = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");

type First = Partial<Omit<UploadBlobRequest, "$typeName" | "$unknown">>;

async function upload(content: Uint8Array, more: First = {}, pieceBytes = 100_000) {
  async function* pieces() {
    const first = { session: held.session, attemptId: attemptId(), digest: digestOf(content) };
    yield await Promise.resolve({ ...first, size: BigInt(content.length), ...more });
    for (let at = 0; at < content.length; at += pieceBytes)
      yield { content: Uint8Array.from(content.subarray(at, at + pieceBytes)) };
  }
  return (await held.worker.uploadBlob(pieces() as never)).key;
}

async function download(key: string): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const { content } of held.worker.downloadBlob({ session: held.session, key }))
    parts.push(content);
  return Buffer.concat(parts);
}

const long = (length: number, letter = "x"): Buffer =>
  Buffer.from(JSON.stringify(letter.repeat(length)));

async function stored(): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of openBlobStore(pathToFileURL(root).href).list()) keys.push(key);
  return keys.filter((key) => key.startsWith(`${run.runId}/`)).toSorted();
}

describe("a worker", () => {
  test("stores a value for its run, and any worker gets it by its key", async () => {
    const content = long(3_000_000);
    const key = await upload(content);
    expect(key).toBe(`${run.runId}/${digestOf(content)}`);
    expect((await download(key)).equals(content)).toBe(true);
    // Sent again, since the answer was lost.
    expect(await upload(content)).toBe(key);
    expect(await stored()).toEqual([key]);
  });

  test("stores the largest value there may be, one byte more is refused", async () => {
    const content = Buffer.alloc(workerLimits.blobBytesMax, "1");
    const key = await upload(content, {}, 1_000_000);
    expect((await download(key)).length).toBe(content.length);
    const size = BigInt(workerLimits.blobBytesMax + 1);
    expect(await refusalOf(upload(Buffer.from("1"), { size }))).toMatchObject({
      reason: "VALUE_TOO_LARGE",
      metadata: { bytes: "67108865", limit: "67108864" },
    });
  });

  test.each<[string, First, string]>([
    ["less than announced", { size: 10n }, "VALUE_INVALID"],
    ["more than announced", { size: 3n }, "VALUE_INVALID"],
    ["other bytes than announced", { digest: "0".repeat(64) }, "VALUE_INVALID"],
    ["no digest", { digest: "../../etc/passwd" }, "FIELD_INVALID"],
    ["no size", { size: 0n }, "FIELD_INVALID"],
    ["an attempt of somebody else", { attemptId: "1.zz.0.-1.1" }, "ATTEMPT_UNKNOWN"],
    ["another session's token", { session: undefined }, "FIELD_INVALID"],
  ])("with %s is refused, and nothing is kept", async (_, first, reason) => {
    expect(await reasonOf(upload(Buffer.from('"abc"'), first))).toBe(reason);
    expect(await stored()).toEqual([]);
    expect(await readdir(join(root, "incoming")).catch(() => [])).toEqual([]);
  });

  test("with a piece above 1 MiB is refused", async () => {
    const content = long(1_100_000);
    expect(await reasonOf(upload(content, {}, content.length))).toBe("FIELD_INVALID");
  });

  test("is held back once it sends too much at a time", async () => {
    const ready = Promise.withResolvers<void>();
    const size = BigInt(workerLimits.blobBytesMax);
    async function* slow() {
      const first = { session: held.session, attemptId: attemptId(), digest: "0".repeat(64) };
      yield await Promise.resolve({ ...first, size, content: new Uint8Array([1]) });
      await ready.promise;
    }
    const uploads = [1, 2].map(() => reasonOf(held.worker.uploadBlob(slow() as never)));
    // Both are counted once their beginnings have arrived. Another one before that could take the place of one of them.
    await expect.poll(() => readdir(join(root, "incoming")).catch(() => [])).toHaveLength(2);
    expect(await reasonOf(upload(Buffer.from('"z"'), { size }))).toBe("OVERLOADED");
    ready.resolve();
    expect(await Promise.all(uploads)).toEqual(["VALUE_INVALID", "VALUE_INVALID"]);
    expect(await upload(Buffer.from('"free again"'))).toMatch(/^run_/);
  });

  test.each(["", "../x", `run_1/${"0".repeat(64)}`])(
    "asking for %j is told that there is nothing",
    async (key) => {
      expect(await reasonOf(download(key))).toBe("BLOB_NOT_FOUND");
    },
  );
});

describe("people", () => {
  const tasks = () => api.http(TaskInstanceService);

  async function leave(values: Record<string, Buffer>): Promise<void> {
    const xcoms: Record<string, Uint8Array> = {};
    for (const [name, content] of Object.entries(values)) {
      const key = await upload(content);
      xcoms[name] = writeBlobRef({ key, size: content.length, path: [] });
    }
    const { large, ...rest } = xcoms;
    const out = large ?? "null";
    await putInstance(api, { runKey: run.runKey, ix: 1 }, { out, xcoms: { ...rest, inline: "1" } });
  }

  async function listed() {
    const { xcoms } = await tasks().listXComs({ runId: run.runId, taskId: "take" });
    return Object.fromEntries(
      xcoms.map(({ key, value, size }) => [key, { length: value?.data.length, size }]),
    );
  }

  async function whole(key: string): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    const asked = { runId: run.runId, taskId: "take", key };
    for await (const { content } of tasks().readXCom(asked)) parts.push(content);
    return Buffer.concat(parts);
  }

  test("see stored values whole while they are small, and the size of larger ones", async () => {
    const [large, middle] = [long(2_000_000), long(400_000)];
    await leave({ large, middle });
    expect(await listed()).toEqual({
      return_value: { length: undefined, size: BigInt(large.length) },
      middle: { length: middle.length, size: BigInt(middle.length) },
      inline: { length: 1, size: 1n },
    });
  });

  test("get no more than 4 MiB of them in one list", async () => {
    const each = Array.from({ length: 6 }, (_, n) => [`k${n}`, long(900_000, `${n}`)] as const);
    await leave(Object.fromEntries(each));
    const entries = Object.values(await listed()).filter(({ size }) => size > 1_000n);
    expect(entries.filter(({ length }) => length !== undefined)).toHaveLength(4);
    expect(entries.every(({ size }) => size === 900_002n)).toBe(true);
  });

  test("read any of them whole, stored or not", async () => {
    const large = long(5_000_000);
    await leave({ large });
    expect((await whole("")).equals(large)).toBe(true);
    expect((await whole("inline")).toString()).toBe("1");
    expect(await reasonOf(whole("none"))).toBe("XCOM_NOT_FOUND");
  });

  test("see the others when one is gone, and are told why when they ask for it", async () => {
    const middle = long(400_000);
    await leave({ middle });
    await rm(join(root, run.runId), { recursive: true });
    expect((await listed())["middle"]).toEqual({ length: undefined, size: BigInt(middle.length) });
    expect(await reasonOf(whole("middle"))).toBe("BLOB_NOT_FOUND");
  });
});

describe("values go", () => {
  test("with their runs, soon after the DAG was deleted", async () => {
    const kept = await beginRun(api, dagId);
    const other = join(root, "run_zzzzzz");
    await upload(long(300_000));
    expect(await stored()).toHaveLength(1);
    await api.http(DagService).deleteDag({ requestId: requestId(), dagId });
    while (existsSync(join(root, run.runId))) await new Promise((done) => setImmediate(done));
    expect([existsSync(other), kept.runId === run.runId]).toEqual([false, false]);
  });

  test("when they are days old and nothing refers to them", async () => {
    const [returned, left, orphan, fresh] = await Promise.all(
      ["a", "b", "c", "d"].map((letter) => upload(long(300_000, letter))),
    );
    const refOf = (key = "") => writeBlobRef({ key, size: 300_002, path: [] });
    const instance = { out: refOf(returned), xcoms: { rows: refOf(left) } };
    await putInstance(api, { runKey: run.runKey, ix: 1 }, instance);
    const old = new Date(Date.now() - orphanedAfterMs - 1_000);
    for (const key of [returned, left, orphan]) await utimes(join(root, key!), old, old);
    const store = openBlobStore(pathToFileURL(root).href);
    const log = createLogger({ name: "test", level: "fatal" });
    await deleteOrphans({ db: api.db, log, store }, new Date());
    const kept = [returned, left, fresh];
    expect(new Set(await stored())).toEqual(new Set(kept));
  });
});

test("a store that is out of order says so to workers", async () => {
  const dir = await mkdtemp(join(tmpdir(), "millrace-blobs-"));
  const blobStore = pathToFileURL(join(dir, "file")).href;
  await writeFile(join(dir, "file"), "");
  await using broken = await startTestApi({ blobStore });
  const brokenOwner = startFakeOwner(broken);
  const { worker, session, key } = await openTestSession(broken);
  const dags = [chainSpec("d", ["a"])];
  await broken.http(DagService).registerDags({ requestId: requestId(), folder: "f", dags });
  const { runKey } = await beginRun(broken, "d");
  await putInstance(
    broken,
    { runKey, ix: 0 },
    { state: TaskState.running, sessionKey: Number(key) },
  );
  const id = attemptIdOf({ shard: 1, runKey, ix: 0, mapIx: -1, attempt: 1 });
  const content = Uint8Array.from(Buffer.from("1"));
  async function* one() {
    const about = { session, attemptId: id, digest: digestOf(content), size: 1n, content };
    yield await Promise.resolve(about);
  }
  expect(await refusalOf(worker.uploadBlob(one() as never))).toMatchObject({
    reason: "BLOB_STORE_UNAVAILABLE",
    message: expect.stringContaining("The store of large values cannot be used") as string,
  });
  brokenOwner.stop();
  await rm(dir, { recursive: true, force: true });
});
