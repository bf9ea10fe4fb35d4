import { createHash } from "node:crypto";
import { MillraceError, type ReasonName } from "@millrace/engine";
import type { BlobRef } from "@millrace/wire";
import type { DownloadBlobResponse } from "@millrace/wire/worker";
import { describe, expect, test } from "vitest";
import { BlobClient } from "./blob-client.ts";
import { ByteCache } from "./byte-cache.ts";
import { blobStoreTriesMax } from "./limits.ts";
import { Turns } from "./turns.ts";

const silent = () => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent };
const session = { sessionId: "s", sessionToken: "t", ttlMs: 1, renewIntervalMs: 1 };

/** A client whose server does what a test says: answers with reasons first, then with what it has. */
function aClient(reasons: (ReasonName | "lost session")[] = []) {
  const expired: string[] = [];
  const calls = { uploads: 0, downloads: 0 };
  const stored = new Map<string, Uint8Array>();
  const next = (): void => {
    const reason = reasons.shift();
    if (reason !== undefined && reason !== "lost session") throw new MillraceError(reason);
  };
  const client = new BlobClient({
    log,
    session: () => (reasons[0] === "lost session" && reasons.shift() ? null : session),
    onExpired: (sessionId) => void expired.push(sessionId),
    pause: () => Promise.resolve(),
    connection: {
      async uploadBlob({ digest }, pieces) {
        calls.uploads++;
        next();
        stored.set(`run_1/${digest}`, Buffer.concat([...pieces]));
        return Promise.resolve(`run_1/${digest}`);
      },
      async *downloadBlob({ key }) {
        calls.downloads++;
        await Promise.resolve();
        next();
        const content = new Uint8Array(stored.get(key) ?? []);
        for (const at of [0, 5])
          yield { content: content.subarray(at, at + 5) } as DownloadBlobResponse;
      },
    },
  });
  return { client, calls, stored, expired };
}

function refTo(stored: Map<string, Uint8Array>, text: string): BlobRef {
  const content = Buffer.from(text);
  const key = `run_1/${createHash("sha256").update(content).digest("hex")}`;
  stored.set(key, content);
  return { key, size: content.length, path: [] };
}

const textOf = (data: Uint8Array) => Buffer.from(data).toString();

describe("fetching", () => {
  test("gives the whole value, and asks once however many want it", async () => {
    const { client, calls, stored } = aClient();
    const ref = refTo(stored, '"tenbytes"');
    const all = await Promise.all([client.fetch(ref), client.fetch(ref)]);
    expect([...all, await client.fetch(ref)].map(textOf)).toEqual(Array(3).fill('"tenbytes"'));
    expect(calls.downloads).toBe(1);
  });

  test("goes on across outages, and says when the session is over", async () => {
    const passing: Parameters<typeof aClient>[0] = [
      "UNAVAILABLE",
      "lost session",
      "SESSION_EXPIRED",
      "BLOB_STORE_UNAVAILABLE",
      "OVERLOADED",
    ];
    const { client, stored, expired } = aClient(passing);
    expect(textOf(await client.fetch(refTo(stored, '"ok"')))).toBe('"ok"');
    expect(expired).toEqual(["s"]);
  });

  test("gives up at once what is not there, and lets it be asked for again", async () => {
    const { client, calls, stored } = aClient(["BLOB_NOT_FOUND"]);
    const ref = refTo(stored, '"ok"');
    await expect(client.fetch(ref)).rejects.toMatchObject({ reason: "BLOB_NOT_FOUND" });
    expect(calls.downloads).toBe(1);
    expect(textOf(await client.fetch(ref))).toBe('"ok"');
  });

  test.each([
    ["other bytes", '"tenbytez"', "bytes with the digest"],
    ["too few bytes", '"ten"', "5 bytes instead of 10"],
  ])("refuses %s, and keeps nothing of it", async (_, sent, message) => {
    const { client, calls, stored } = aClient();
    const ref = refTo(stored, '"tenbytes"');
    stored.set(ref.key, Buffer.from(sent));
    await expect(client.fetch(ref)).rejects.toThrow(message);
    await expect(client.fetch(ref)).rejects.toMatchObject({ reason: "VALUE_INVALID" });
    expect(calls.downloads).toBe(2);
  });

  test("refuses more than was announced", async () => {
    const { client, stored } = aClient();
    const ref = refTo(stored, '"tenbytes"');
    await expect(client.fetch({ ...ref, size: 3 })).rejects.toThrow("more than its 3 bytes");
  });
});

describe("storing", () => {
  test("gives the reference, again and again until it works", async () => {
    const { client, stored } = aClient(["UNAVAILABLE", "BLOB_STORE_UNAVAILABLE"]);
    const ref = await client.store("a1", Buffer.from('"x"'));
    expect(ref).toMatchObject({ size: 3, path: [] });
    expect(textOf(stored.get(ref.key)!)).toBe('"x"');
  });

  test("gives up on a store that stays out of order", async () => {
    const { client, calls } = aClient(Array<ReasonName>(20).fill("BLOB_STORE_UNAVAILABLE"));
    await expect(client.store("a1", Buffer.from("1"))).rejects.toMatchObject({
      reason: "BLOB_STORE_UNAVAILABLE",
    });
    expect(calls.uploads).toBe(blobStoreTriesMax);
  });

  test.each(["ATTEMPT_UNKNOWN", "VALUE_TOO_LARGE"] as const)("%s is final", async (reason) => {
    const { client, calls } = aClient([reason]);
    await expect(client.store("a1", Buffer.from("1"))).rejects.toMatchObject({ reason });
    expect(calls.uploads).toBe(1);
  });
});

test("the cache keeps what was wanted last, within its bytes", () => {
  const cache = new ByteCache(10);
  cache.put("a", new Uint8Array(4));
  cache.put("b", new Uint8Array(4));
  cache.get("a");
  cache.put("c", new Uint8Array(4));
  expect(["a", "b", "c"].map((key) => cache.get(key)?.length)).toEqual([4, undefined, 4]);
  cache.put("a", new Uint8Array(2));
  cache.put("too long", new Uint8Array(11));
  expect([cache.bytes, cache.get("too long")]).toEqual([6, undefined]);
});

test("turns are taken in order, no more at a time than there are, also after a failure", async () => {
  const turns = new Turns(2);
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const began: number[] = [];
  const ends = gates.map(({ promise }, index) =>
    turns.take(async () => {
      began.push(index);
      await promise;
    }),
  );
  await Promise.resolve();
  expect(began).toEqual([0, 1]);
  gates[1]!.reject(new Error("no"));
  await expect(ends[1]).rejects.toThrow("no");
  expect(began).toEqual([0, 1, 2]);
  for (const { resolve } of gates) resolve();
  await Promise.allSettled(ends);
  expect(began).toEqual([0, 1, 2, 3]);
});
