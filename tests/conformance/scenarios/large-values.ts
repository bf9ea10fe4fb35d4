/**
 * Values that are stored elsewhere, with a reference in their place, and values that bodies pull.
 *
 * The handlers: `big(size)` returns a text of that length, `leave_large(size)` leaves one as the XCom `rows` and fails for
 * good, `pull(tasks, key)` returns a list of one: what it pulled, of one task or several, with "none" for what is missing.
 */

import { FailureKind } from "@millrace/wire/v1";
import { expect, test } from "vitest";
import { Bench, succeededOf, valueOf } from "../bench.ts";
import { taskNotFound } from "../scripted-server.ts";
import type { WorkerUnderTest } from "../workers/table.ts";

const inlineMax = 256 * 1024;
const blobMax = 64 * 1024 * 1024;
const whole = { $: "task", id: "up", path: [] };
const json = (value: unknown) => ({ data: new TextEncoder().encode(JSON.stringify(value)) });

export function largeValues(worker: WorkerUnderTest): void {
  test("a value above 256 KiB is stored before the result that refers to it comes, once", async () => {
    await using bench = await Bench.start(worker);
    const { server } = bench;
    const storedBefore = new Map<string, number>();
    server.verdictOn = ({ attemptId }) => {
      storedBefore.set(attemptId, server.blobs.stored.size);
      return 1;
    };
    server.assign(bench.task("a1", "big", [inlineMax - 2]));
    expect(valueOf(await server.result("a1"))).toHaveLength(inlineMax - 2);
    server.assign(bench.task("a2", "big", [inlineMax - 1]));
    const { returnValue } = succeededOf(await server.result("a2"));
    expect(storedBefore).toEqual(
      new Map([
        ["a1", 0],
        ["a2", 1],
      ]),
    );
    expect(server.blobs.jsonAt(returnValue!.data)).toBe("x".repeat(inlineMax - 1));
    const [key] = server.blobs.stored.keys();
    const text = Buffer.from(returnValue!.data).toString();
    expect(text).toBe(`{"$":"blob","v":{"key":"${key}","size":${inlineMax + 1}}}`);
    expect(server.blobs.uploads).toEqual([{ attemptId: "a2", size: inlineMax + 1 }]);
  });

  test("a value above 64 MiB fails in the worker, without a retry, naming the limit, and is not sent", async () => {
    await using bench = await Bench.start(worker);
    bench.server.assign(bench.task("a1", "big", [blobMax - 1]));
    const { outcome } = await bench.server.result("a1");
    expect(outcome).toMatchObject({
      case: "failed",
      value: { kind: FailureKind.APPLICATION, retryable: false },
    });
    expect(outcome.value).toMatchObject({ message: expect.stringMatching(/67,?108,?864/) });
    expect(bench.server.blobs.uploads).toEqual([]);
  });

  test("what a body that fails has left is stored as well", async () => {
    await using bench = await Bench.start(worker);
    bench.server.assign(bench.task("a1", "leave_large", [1_000_000]));
    const { outcome, xcoms } = await bench.server.result("a1");
    expect(outcome).toMatchObject({ case: "failed", value: { message: "with rows" } });
    expect(bench.server.blobs.jsonAt(xcoms["rows"]!.data)).toBe("x".repeat(1_000_000));
  });

  test("references are replaced: whole values, elements, and those in the list of a mapped task", async () => {
    await using bench = await Bench.start(worker);
    const { server } = bench;
    const rows = server.blobs.put('{"rows":[{"id":1},{"$":"bigint","v":"2"}],"at":null}');
    const list = `[${Buffer.from(rows.data).toString()},{"n":1}]`;
    const inputs = { up: rows, all: { data: new TextEncoder().encode(list) } };
    const items = { "t/0": server.blobs.put('{"rows":[7,{"id":8}]}', ["rows", 1]) };
    const args = [
      [
        { ...whole, path: ["rows", 1] },
        { $: "task", id: "all", path: [0, "rows", 0, "id"] },
        { $: "task", id: "all", path: [1, "n"] },
        { $: "item", of: "t", n: 0, path: ["id"] },
      ],
    ];
    server.assign(bench.task("a1", "echo", args, { inputs, items }));
    expect(valueOf(await server.result("a1"))).toEqual([{ $: "bigint", v: "2" }, 1, 1, 8]);
  });

  test("a value that many want is fetched once", async () => {
    await using bench = await Bench.start(worker);
    const { server } = bench;
    const numbers = JSON.stringify(Array.from({ length: 100_000 }, (_, n) => n));
    for (let n = 0; n < 20; n++) {
      const items = { "t/0": server.blobs.put(numbers, [n * 5_000]) };
      const item = { $: "item", of: "t", n: 0, path: [] };
      server.assign(bench.task(`a${n}`, "echo", [item], { items, mapIndex: n, mapLength: 20 }));
    }
    for (let n = 0; n < 20; n++) expect(valueOf(await server.result(`a${n}`))).toBe(n * 5_000);
    expect(server.blobs.downloads).toHaveLength(1);
  });

  test("a store that is out of order for a moment holds the result back, and the attempt stays held", async () => {
    await using bench = await Bench.start(worker);
    const { server } = bench;
    server.blobs.refuses = () => "BLOB_STORE_UNAVAILABLE";
    server.assign(bench.task("a1", "big", [inlineMax]));
    await server.until(() => server.blobs.uploads.length > 0, "the value to come");
    await server.untilRenewedTwice();
    expect(server.holds("a1")).toBe(true);
    expect(server.results).toEqual([]);
    server.blobs.refuses = () => null;
    const { returnValue } = succeededOf(await server.result("a1"));
    expect(server.blobs.jsonAt(returnValue!.data)).toHaveLength(inlineMax);
  });

  test("a value that is gone, or is not what it was, fails before the body begins, and may be tried again", async () => {
    await using bench = await Bench.start(worker);
    const { server } = bench;
    const gone = server.blobs.put('"gone"');
    server.blobs.stored.clear();
    const damaged = server.blobs.put('"as it was"');
    const [key] = server.blobs.stored.keys();
    server.blobs.stored.set(key!, Buffer.from('"as it is!"'.slice(0, 11)));
    server.assign(
      bench.task("a1", "echo", [whole], { inputs: { up: gone } }),
      bench.task("a2", "echo", [whole], { inputs: { up: damaged } }),
    );
    for (const id of ["a1", "a2"]) {
      const { outcome } = await server.result(id);
      const failure = { kind: FailureKind.SETUP, retryable: true };
      expect(outcome, id).toMatchObject({ case: "failed", value: failure });
    }
  });

  test("a body pulls what tasks left: one value, a mapped task's list, several in one list, a default", async () => {
    await using bench = await Bench.start(worker);
    const { server } = bench;
    const large = server.blobs.put(JSON.stringify("y".repeat(300)));
    const left = [
      { taskId: "plain", mapIndex: -1, value: json(null) },
      { taskId: "mapped", mapIndex: 0, value: large },
      { taskId: "mapped", mapIndex: 2, value: json({ $: "bigint", v: "3" }) },
    ];
    server.pullAnswer = ({ taskIds }) => ({
      xcoms: left.filter(({ taskId }) => taskIds.includes(taskId)),
      mappedTaskIds: taskIds.filter((id) => id === "mapped"),
    });
    const list = ["y".repeat(300), { $: "bigint", v: "3" }];
    const cases: [string, string | string[], unknown][] = [
      ["a null", "plain", null],
      ["nothing", "quiet", "none"],
      ["a mapped task", "mapped", list],
      ["several", ["quiet", "mapped", "plain"], ["none", ...list, null]],
      ["several of one", ["plain"], [null]],
    ];
    for (const [id, tasks] of cases) server.assign(bench.task(id, "pull", [tasks, "rows"]));
    for (const [id, , value] of cases)
      expect(valueOf(await server.result(id)), id).toEqual([value]);
    expect(server.pulls.find(({ attemptId }) => attemptId === "several")).toMatchObject({
      taskIds: ["quiet", "mapped", "plain"],
      key: "rows",
      mapIndexes: [],
      run: { case: undefined },
    });
  });

  test("a pull that is refused fails its body", async () => {
    await using bench = await Bench.start(worker);
    bench.server.pullAnswer = () => taskNotFound;
    bench.server.assign(bench.task("a1", "pull", ["gone", "rows"]));
    const { outcome } = await bench.server.result("a1");
    expect(outcome).toMatchObject({ case: "failed", value: { kind: FailureKind.APPLICATION } });
  });
}
