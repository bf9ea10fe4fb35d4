/** Mapped instances: their own elements, the lists they gather, the lists they are mapped over, and their names. */

import { FailureKind } from "@millrace/wire/v1";
import { expect, test } from "vitest";
import { Bench, succeededOf, valueOf } from "../bench.ts";
import type { WorkerUnderTest } from "../workers/table.ts";

const utf8 = new TextEncoder();
const data = (json: string): { data: Uint8Array<ArrayBuffer> } => ({ data: utf8.encode(json) });
const path = (...keys: (string | number)[]): Uint8Array<ArrayBuffer> =>
  utf8.encode(JSON.stringify(keys));

export function mapping(worker: WorkerUnderTest): void {
  test("an instance gets its own elements, of its task and of the groups around it", async () => {
    await using bench = await Bench.start(worker);
    const args = [
      {
        whole: { $: "item", of: "g.score", n: 0, path: [] },
        field: { $: "item", of: "g.score", n: 1, path: ["rows", 1] },
        outer: { $: "item", of: "g", n: 0, path: [] },
        nowhere: { $: "item", of: "g", n: 0, path: ["no", 1] },
      },
    ];
    const items = {
      "g.score/0": data('{"$":"bigint","v":"3"}'),
      "g.score/1": data('{"rows":[7,8]}'),
      "g/0": data('"eu"'),
    };
    bench.server.assign(bench.task("a1", "echo", args, { items, mapIndex: 4, mapLength: 5 }));
    expect(valueOf(await bench.server.result("a1"))).toEqual({
      whole: { $: "bigint", v: "3" },
      field: 8,
      outer: "eu",
      nowhere: { $: "undefined" },
    });
  });

  test("an element that the assignment lacks is a failure to prepare", async () => {
    await using bench = await Bench.start(worker);
    bench.server.assign(bench.task("a1", "echo", [{ $: "item", of: "g", n: 0, path: [] }]));
    const { outcome } = await bench.server.result("a1");
    expect(outcome).toMatchObject({ case: "failed", value: { kind: FailureKind.SETUP } });
  });

  test("of several tasks, the value of the first that left one; else none", async () => {
    await using bench = await Bench.start(worker);
    const of = ["a", "b", "c"].map((id) => ({ $: "task", id, path: ["n"] }));
    const inputs = { b: data('{"n":2}'), c: data('{"n":3}') };
    bench.server.assign(
      bench.task("a1", "echo", [[{ $: "first", of }]], { inputs }),
      bench.task("a2", "echo", [[{ $: "first", of }]]),
    );
    expect(valueOf(await bench.server.result("a1"))).toEqual([2]);
    expect(valueOf(await bench.server.result("a2"))).toEqual([{ $: "undefined" }]);
  });

  test("the values of a mapped task are a list, of more than one value may have and as deep", async () => {
    await using bench = await Bench.start(worker);
    const long = JSON.stringify("x".repeat(200_000));
    const deep = "[".repeat(100) + "]".repeat(100);
    const inputs = { score: data(`[${long},${long},${deep}]`) };
    const args = [{ $: "task", id: "score", path: [2, 0, 0] }];
    bench.server.assign(bench.task("a1", "echo", args, { inputs }));
    expect(valueOf(await bench.server.result("a1"))).toEqual(JSON.parse(deep.slice(2, -2)));
  });

  test("a body knows its index, how many there are, and the key of its own instance", async () => {
    await using bench = await Bench.start(worker);
    const mapped = { mapIndex: 2, mapLength: 3, idempotencyKey: "run_1/score/2" };
    bench.server.assign(bench.task("a1", "facts", [], mapped), bench.task("a2", "facts"));
    expect(valueOf(await bench.server.result("a1"))).toEqual([2, 3, "run_1/score/2"]);
    expect(valueOf(await bench.server.result("a2"))).toEqual([-1, 0, "run_1/facts"]);
  });

  test("lengths of what others are mapped over are told in the order asked for", async () => {
    await using bench = await Bench.start(worker);
    const value = { rows: [1, 2, 3], by: { $: "map", v: [["eu", [1]]] }, none: [] };
    const measuredPaths = [path("none"), path("rows"), path("by", "eu")];
    bench.server.assign(
      bench.task("a1", "echo", [value], { measuredPaths }),
      bench.task("a2", "echo", [[1, 2]], { measuredPaths: [path()] }),
      bench.task("a3", "echo", [[1, 2]]),
    );
    expect(succeededOf(await bench.server.result("a1")).lengths).toEqual([0, 3, 1]);
    expect(succeededOf(await bench.server.result("a2")).lengths).toEqual([2]);
    expect(succeededOf(await bench.server.result("a3")).lengths).toEqual([]);
  });

  test("anything but a list where one is measured fails for good, naming the path and what was there", async () => {
    await using bench = await Bench.start(worker);
    const cases: [string, unknown, (string | number)[], RegExp][] = [
      ["nothing", { $: "undefined" }, [], /nothing/],
      ["null", null, [], /nothing/],
      ["a text", { rows: "abc" }, ["rows"], /rows.*abc/],
      ["a number", { rows: [12] }, ["rows", 0], /rows.*0.*12/],
      ["an object", { rows: { a: 1 } }, ["rows"], /rows/],
      ["a map", { $: "map", v: [] }, [], /Map/],
      ["a set", { $: "set", v: [1] }, [], /[Ss]et/],
      ["a field that does not exist", {}, ["rows", "eu"], /rows.*eu.*nothing/],
    ];
    for (const [id, value, keys] of cases)
      bench.server.assign(bench.task(id, "echo", [value], { measuredPaths: [path(...keys)] }));
    for (const [id, , , says] of cases) {
      const { outcome } = await bench.server.result(id);
      const failure = { kind: FailureKind.SETUP, retryable: false };
      expect(outcome, id).toMatchObject({ case: "failed", value: failure });
      expect(outcome.value, id).toMatchObject({ message: expect.stringMatching(says) });
    }
  });

  test("an instance has the name that its template gives it", async () => {
    await using bench = await Bench.start(worker);
    const named = {
      items: { "echo/0": data('{"name":"ada"}') },
      mapIndex: 0,
      mapLength: 1,
      mapIndexTemplate: "{{ item.name }} in {{ params.region }} on {{ ds }}",
    };
    bench.server.assign(bench.task("a1", "echo", [1], named), bench.task("a2", "echo", [1]));
    const label = succeededOf(await bench.server.result("a1")).mapIndexLabel;
    expect(label).toBe("ada in eu on 2026-01-01");
    expect(succeededOf(await bench.server.result("a2")).mapIndexLabel).toBe("");
  });

  test("a template that cannot be rendered fails a body that succeeded, and hides no other end", async () => {
    await using bench = await Bench.start(worker);
    const mapIndexTemplate = "{{ item.name }}";
    bench.server.assign(
      bench.task("a1", "echo", [1], { mapIndexTemplate }),
      bench.task("a2", "fail", ["no rows"], { mapIndexTemplate }),
      bench.task("a3", "skip", ["a holiday"], { mapIndexTemplate }),
    );
    expect((await bench.server.result("a1")).outcome).toMatchObject({
      case: "failed",
      value: { kind: FailureKind.SETUP, retryable: false },
    });
    expect((await bench.server.result("a2")).outcome).toMatchObject({
      value: { message: "no rows" },
    });
    expect((await bench.server.result("a3")).outcome.case).toBe("skipped");
  });
}
