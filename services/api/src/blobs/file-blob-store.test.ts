import { createHash } from "node:crypto";
import { chmod, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { BlobStore } from "./blob-store.ts";
import { openBlobStore } from "./open-blob-store.ts";

let root: string;
let store: BlobStore;
beforeEach(async () => {
  root = join(await mkdtemp(join(tmpdir(), "millrace-blobs-")), "made later");
  store = openBlobStore(pathToFileURL(root).href);
});
afterEach(() => rm(join(root, ".."), { recursive: true, force: true }));

const keyOf = (runId: string, text: string) =>
  `${runId}/${createHash("sha256").update(text).digest("hex")}`;

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}

async function put(runId: string, text: string): Promise<string> {
  const key = keyOf(runId, text);
  await store.put(key, pieces(text));
  return key;
}

async function contentOf(key: string): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const piece of store.get(key)) parts.push(piece);
  return Buffer.concat(parts).toString();
}

async function listed(): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list()) keys.push(key);
  return keys.toSorted();
}

describe("what is stored", () => {
  test("comes back as it was, also of many pieces and many megabytes", async () => {
    const long = "é".repeat(1_500_000);
    const key = keyOf("run_1", long);
    await store.put(key, pieces(...(long.match(/[^]{1,100000}/g) ?? [])));
    expect(await contentOf(key)).toBe(long);
    expect(await contentOf(await put("run_2", ""))).toBe("");
  });

  test("is listed and deleted by key and by run; what is not there is deleted already", async () => {
    expect(await listed()).toEqual([]);
    const [a, b, c] = [await put("run_1", "a"), await put("run_1", "b"), await put("run_2", "c")];
    expect(await listed()).toEqual([a, b, c].toSorted());
    await store.delete(a);
    await store.delete(a);
    expect(await listed()).toEqual([b, c].toSorted());
    await store.delete("run_1/");
    await store.delete("run_3/");
    expect(await listed()).toEqual([c]);
  });

  test("again under its key is new", async () => {
    const key = await put("run_1", "a");
    await utimes(join(root, key), new Date(0), new Date(0));
    await put("run_1", "a");
    for await (const { storedAt } of store.list()) expect(storedAt.getTime()).toBeGreaterThan(0);
  });

  test("is readable by this user alone", async () => {
    const key = await put("run_1", "a");
    const { mode } = await import("node:fs").then(({ statSync }) => statSync(join(root, key)));
    expect(mode & 0o077).toBe(0);
  });
});

test("content that throws leaves nothing", async () => {
  async function* broken(): AsyncGenerator<Uint8Array, void, undefined> {
    yield await Promise.resolve(Buffer.from("half"));
    throw new Error("the caller is gone");
  }
  const key = keyOf("run_1", "half and half");
  await expect(store.put(key, broken())).rejects.toThrow("the caller is gone");
  expect(await listed()).toEqual([]);
  expect(await readdir(join(root, "incoming"))).toEqual([]);
  await expect(contentOf(key)).rejects.toMatchObject({ reason: "BLOB_NOT_FOUND" });
});

test("uploads that a crash cut short go once they are old", async () => {
  await put("run_1", "a");
  for (const name of ["old", "new"]) await writeFile(join(root, "incoming", name), "half");
  await utimes(join(root, "incoming", "old"), new Date(0), new Date(0));
  await store.deleteUnfinished(new Date(1_000));
  expect(await readdir(join(root, "incoming"))).toEqual(["new"]);
});

const digest = "0123456789abcdef".repeat(4);

test.each([
  `../${digest}`,
  `run_1/../../${digest}`,
  "run_1/../secret",
  "../",
  "/",
  "run_1",
  "incoming/",
  `run_1/${digest}/`,
  "",
])("%j is no key: nothing is read, written or deleted", async (key) => {
  const outside = join(root, "..", "secret");
  await writeFile(outside, "kept");
  const refusal = { reason: "BLOB_NOT_FOUND" };
  await expect(store.put(key, pieces("a"))).rejects.toMatchObject(refusal);
  await expect(contentOf(key)).rejects.toMatchObject(refusal);
  await expect(store.delete(key)).rejects.toMatchObject(refusal);
  expect(await readFile(outside, "utf8")).toBe("kept");
});

describe("a store that fails", () => {
  test("says what a missing value may mean", async () => {
    const key = `run_1/${digest}`;
    await expect(contentOf(key)).rejects.toThrow(
      `No value is stored under ${key}: it went with its run, or the store was changed since.`,
    );
  });

  test("says that it may not write", async () => {
    await put("run_1", "a");
    await chmod(join(root, "incoming"), 0o500);
    await expect(withoutPrivileges(() => put("run_1", "b"))).rejects.toThrow(
      "The store of large values cannot be used: the server may not write there (EACCES).",
    );
  });

  test("says that something is in its place", async () => {
    await writeFile(root, "a file, and no folder");
    await expect(put("run_1", "b")).rejects.toMatchObject({
      reason: "BLOB_STORE_UNAVAILABLE",
      metadata: { code: expect.stringMatching(/^E/) as string },
    });
  });

  test("is none when there is none", async () => {
    const none = openBlobStore(null);
    await expect(none.put(`run_1/${digest}`, pieces("a"))).rejects.toThrow(
      "set MILLRACE_BLOB_STORE to a folder",
    );
    expect(() => none.get(`run_1/${digest}`)).toThrow("This server has no store");
    for await (const blob of none.list()) throw new Error(blob.key);
  });
});

test.each(["s3://bucket", "/var/lib/blobs", "file:", "http://x/y"])(
  "%s is refused as an address",
  (url) => {
    expect(() => openBlobStore(url)).toThrow(`MILLRACE_BLOB_STORE is "${url}"`);
  },
);

/** Folders that nobody may write to stop everybody but root, who takes nobody's place meanwhile. */
async function withoutPrivileges<T>(call: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return call();
  process.seteuid!("nobody");
  try {
    return await call();
  } finally {
    process.seteuid!(0);
  }
}
