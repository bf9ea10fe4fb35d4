import { rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { VerdictKind } from "@millrace/wire/worker";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FailTask } from "../context/outcome.ts";
import { startTriggererBench, type TriggererBench } from "../worker/testing/triggerer-bench.ts";
import { failureOf, valueOf } from "../worker/testing/worker-bench.ts";
import { runTriggerer } from "./run-triggerer.ts";

describe("files", () => {
  let bench: TriggererBench;
  beforeAll(async () => (bench = await startTriggererBench()));
  afterAll(() => bench[Symbol.asyncDispose]());

  test("that come end the wait, with their size and time", async () => {
    const file = path.join(bench.dir, "orders.csv");
    bench.server.assign(bench.watch("later", "file", { path: file, intervalMs: 1000 }));
    await bench.server.until(() => heldBy(bench).includes("later"));
    // Written elsewhere, so that nobody finds it while it is empty.
    await writeFile(`${file}.part`, "1,2");
    await rename(`${file}.part`, file);
    expect(valueOf(await bench.server.result("later"))).toEqual({
      path: file,
      size: 3,
      modifiedAt: expect.any(Date),
    });
  });

  test("of a folder count once there is one", async () => {
    bench.server.assign(bench.watch("folder", "file", { path: bench.dir, intervalMs: 1000 }));
    expect(valueOf(await bench.server.result("folder"))).toMatchObject({ path: bench.dir });
  });

  test("that cannot be looked at fail the wait", async () => {
    const config = { path: `${bench.dir}/${"a".repeat(300)}`, intervalMs: 1000 };
    bench.server.assign(bench.watch("long", "file", config));
    expect(failureOf(await bench.server.result("long"))).toMatchObject({ retryable: true });
  });

  test("and other configs that cannot be read fail for good, saying what is wrong", async () => {
    bench.server.assign(
      bench.watch("no path", "file", {}),
      bench.watch("hasty", "file", { path: "/a", intervalMs: 10 }),
      bench.watch("ftp", "http", { url: "ftp://a.example" }),
      bench.watch("unknown", "nope", {}),
    );
    const messageOf = async (id: string) => failureOf(await bench.server.result(id));
    expect(await messageOf("no path")).toMatchObject({ kind: "SETUP", retryable: false });
    expect((await messageOf("hasty")).message).toContain("trigger.file: intervalMs is 10");
    expect((await messageOf("ftp")).message).toContain("http:// or https://");
    expect((await messageOf("unknown")).message).toContain('no trigger "nope". It has: http, file');
  });

  test("measures what others are mapped over", async () => {
    const measured = { measuredPaths: [new TextEncoder().encode('["path"]')] };
    bench.server.assign(
      bench.watch("text", "file", { path: bench.dir, intervalMs: 1000 }, measured),
    );
    const failure = failureOf(await bench.server.result("text"));
    expect(failure).toMatchObject({ kind: "SETUP", retryable: false });
    expect(failure.message).toContain("no list, but another task is mapped over it");
  });
});

describe("functions of one's own", () => {
  test("bring what they return, fail with what they throw, and hear when nobody waits", async () => {
    const aborted = Promise.withResolvers<unknown>();
    await using bench = await startTriggererBench({
      queues: ["a", "b"],
      slots: 50,
      triggers: {
        add: ({ one, two }: { one: number; two: Date }) => Promise.resolve([one, two]),
        fails: () => Promise.reject(new TypeError("no rows")),
        ends: () => Promise.reject(new FailTask("never")),
        rests: (_: unknown, { signal }) =>
          new Promise(() => signal.addEventListener("abort", () => aborted.resolve(signal.reason))),
      },
    });
    expect(bench.server.opened[0]).toMatchObject({
      queues: ["a", "b"],
      slots: 50,
      runsBundles: false,
      handlers: [
        "trigger/http",
        "trigger/file",
        "trigger/add",
        "trigger/fails",
        "trigger/ends",
        "trigger/rests",
      ],
    });
    await bench.server.until(() => bench.server.credit === 50);
    const measuredPaths = [new TextEncoder().encode("[]")];
    bench.server.assign(
      bench.watch("add", "add", { one: 1, two: new Date(2) }, { measuredPaths }),
      bench.watch("fails", "fails", null),
      bench.watch("ends", "ends", null),
      bench.watch("rests", "rests", null),
    );
    const added = await bench.server.result("add");
    expect(valueOf(added)).toEqual([1, new Date(2)]);
    expect(added.outcome.value).toMatchObject({ lengths: [2] });
    expect(failureOf(await bench.server.result("fails"))).toMatchObject({
      kind: "APPLICATION",
      type: "TypeError",
      message: "no rows",
      retryable: true,
    });
    expect(failureOf(await bench.server.result("ends")).retryable).toBe(false);
    bench.server.cancel("rests");
    expect(String(await aborted.promise)).toContain("Nobody waits for this any more");
  });

  test("may bring more than is sent along: it is stored before", async () => {
    await using bench = await startTriggererBench({
      triggers: { rows: () => Promise.resolve("x".repeat(1_000_000)) },
    });
    bench.server.assign(bench.watch("rows", "rows", null));
    const { outcome } = await bench.server.result("rows");
    const value = outcome.case === "succeeded" ? outcome.value.returnValue : undefined;
    const { blobs } = bench.server;
    expect(blobs.jsonAt(value!.data)).toBe("x".repeat(1_000_000));
    expect(blobs.uploads).toEqual([{ attemptId: "rows", size: 1_000_002 }]);
  });

  test("have names of their own", async () => {
    const of = (triggers: object) =>
      runTriggerer({ server: "127.0.0.1:1", key: "k", log: noLog, triggers: triggers as never });
    await expect(of({ http: async () => 1 })).rejects.toThrow("every triggerer has");
    await expect(of({ "": async () => 1 })).rejects.toThrow("1 to 192 characters");
    await expect(of({ mine: 1 })).rejects.toThrow('trigger "mine" is no function');
  });
});

const noLog = { debug() {}, info() {}, warn() {}, error() {} };

/** What the newest renewal named. */
const heldBy = ({ server }: TriggererBench) => server.renewals.at(-1)?.attemptIds ?? [];

describe("a triggerer", () => {
  const never = { path: "/nowhere/at/all", intervalMs: 60_000 };

  test("watches what comes twice once, and reports it once", async () => {
    await using bench = await startTriggererBench();
    const watch = bench.watch("a", "file", { path: bench.dir, intervalMs: 1000 });
    bench.server.assign(bench.watch("b", "file", never), bench.watch("b", "file", never));
    await bench.server.until(() => heldBy(bench).includes("b"));
    expect(heldBy(bench)).toEqual(["b"]);
    await writeFile(path.join(bench.dir, "here"), "");
    bench.server.verdictOn = () => null;
    bench.server.assign(watch);
    await bench.server.result("a");
    bench.server.assign(watch, bench.watch("c", "file", never));
    await bench.server.until(() => heldBy(bench).includes("c"));
    expect(bench.server.resultsOf("a")).toHaveLength(1);
  });

  test("gives back what it is told to stop, and drops without a word what is another's", async () => {
    await using bench = await startTriggererBench();
    bench.server.assign(bench.watch("a", "file", never), bench.watch("b", "file", never));
    await bench.server.until(() => heldBy(bench).length === 2);
    bench.server.cancel("a", "unknown");
    expect((await bench.server.result("a")).outcome.case).toBe("returned");
    bench.server.renewalVerdicts = [{ attemptId: "b", kind: VerdictKind.STALE }];
    await bench.server.until(() => heldBy(bench).length === 0);
    expect(bench.server.resultsOf("b")).toEqual([]);
    expect(bench.server.resultsOf("unknown")).toEqual([]);
  });

  test("keeps what it watches over a lost session, and reports it under the next", async () => {
    await using bench = await startTriggererBench();
    const file = path.join(bench.dir, "late");
    bench.server.assign(bench.watch("a", "file", { path: file, intervalMs: 1000 }));
    await bench.server.until(() => heldBy(bench).includes("a"));
    bench.server.expireSessions();
    await bench.server.until(() => bench.server.sessions.length === 1);
    await bench.server.until(() => bench.server.streams === 1);
    bench.server.breakStreams();
    await writeFile(file, "");
    expect(valueOf(await bench.server.result("a"))).toMatchObject({ path: file });
    expect(bench.server.resultsOf("a")).toHaveLength(1);
  });

  test("gives everything back when it stops, and ends its session", async () => {
    await using bench = await startTriggererBench();
    bench.server.assign(bench.watch("a", "file", never), bench.watch("b", "file", never));
    await bench.server.until(() => heldBy(bench).length === 2);
    await bench.triggerer.stop();
    const outcomes = bench.server.results.map(({ attemptId, outcome }) => [
      attemptId,
      outcome.case,
    ]);
    expect(outcomes).toEqual([
      ["a", "returned"],
      ["b", "returned"],
    ]);
    expect(bench.server.closed).toEqual(["session-1"]);
  });

  test("holds 10,000 waits, names each in every renewal, and reports the one that ends", async () => {
    await using bench = await startTriggererBench();
    await bench.server.until(() => bench.server.credit === 10_000);
    const one = path.join(bench.dir, "one");
    const watches = Array.from({ length: 10_000 }, (_, n) =>
      bench.watch(`w${n}`, "file", { path: n === 5_000 ? one : `/nowhere/${n}`, intervalMs: 2000 }),
    );
    bench.server.assign(...watches);
    await bench.server.until(() => heldBy(bench).length === 10_000);
    expect(bench.server.credit).toBe(0);
    await writeFile(one, "");
    expect(valueOf(await bench.server.result("w5000"))).toMatchObject({ path: one });
    await bench.server.until(() => bench.server.credit === 1);
    expect(bench.server.results).toHaveLength(1);
  });
});
