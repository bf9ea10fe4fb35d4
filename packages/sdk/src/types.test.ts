/**
 * What compiles and what does not: `tsc` is the judge, through `expectTypeOf` and `@ts-expect-error`.
 * Wrong wirings stand in functions that nobody calls.
 */

import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { chain, dag, externalTask, group, task } from "./index.ts";
import type { DagDefinition, Handle, Ordered, Ref, Run } from "./index.ts";

type Row = { id: number; name?: string; tags: string[] };
interface Batch {
  readonly total: number;
  readonly rows: readonly Row[];
}

const extract = task({ retries: 3 }, async function extract(day: string): Promise<Row[]> {
  return [{ id: day.length, tags: [] }];
});
const transform = task(async function transform(rows: Row[], scale: number): Promise<Batch> {
  return { total: rows.length * scale, rows };
});
const load = task(async function load(batch: Batch) {
  return batch.total;
});
const notify = task(function notify(message: string, to?: readonly string[]): void {
  void [message, to];
});
const report = task(function report(input: {
  title: string;
  parts: { rows: Row[]; at: Date }[];
  by: "day" | "week";
}) {
  return input.parts.length > 0;
});

/** Wires in a DAG that is compiled, so that what compiles is shown to run too. */
function wires(wire: (run: Run) => void): void {
  expect(dag("checked", {}, wire).spec().tasks.length).toBeGreaterThan(0);
}

describe("right wirings compile", () => {
  test("values, handles and references where a value of the type is wanted", () => {
    wires((run) => {
      const rows = extract(run.ds);
      expectTypeOf(rows).toEqualTypeOf<Handle<Row[]>>();
      expectTypeOf(transform(rows, 2)).toEqualTypeOf<Handle<Batch>>();
      expectTypeOf(load(transform(rows, 2))).toEqualTypeOf<Handle<number>>();
      expectTypeOf(load({ total: 1, rows: [] })).toEqualTypeOf<Handle<number>>();
      expectTypeOf(notify("done")).toEqualTypeOf<Handle<void>>();
      notify("done", ["ada"]);
    });
  });

  test("objects and lists with handles anywhere inside", () => {
    wires((run) => {
      const rows = extract("2026-01-01");
      const count = load({ total: 1, rows });
      load({ total: count, rows: [{ id: count, tags: [run.ds, "b"] }] });
      report({ title: run.ds, parts: [{ rows, at: run.runAfter }], by: "day" });
      report({ title: "t", parts: [], by: "week" });
    });
  });

  test("selecting from a handle follows the type", () => {
    wires(() => {
      const batch = transform(extract("d"), 1);
      expectTypeOf(batch.get("total")).toEqualTypeOf<Handle<number>>();
      expectTypeOf(batch.get("rows")).toEqualTypeOf<Handle<readonly Row[]>>();
      expectTypeOf(batch.get("rows").get(0)).toEqualTypeOf<Handle<Row | undefined>>();
      expectTypeOf(batch.get("rows").get(0).get("id")).toEqualTypeOf<Handle<number | undefined>>();
      const pair = task(function pair(): [string, number] {
        return ["a", 1];
      })();
      expectTypeOf(pair.get(1)).toEqualTypeOf<Handle<number>>();
      transform([], batch.get("total"));
    });
  });

  test("order between anything that has a place", () => {
    wires(() => {
      const rows = extract("d");
      const box = group("box", () => {
        notify("inside");
      });
      expectTypeOf(box).toEqualTypeOf<Ordered>();
      const inner = group("inner", () => load(transform(rows, 1)));
      expectTypeOf(inner).toEqualTypeOf<Handle<number>>();
      chain(rows, [box, inner], notify("end"));
      expectTypeOf(rows.before(inner)).toEqualTypeOf<Handle<Row[]>>();
    });
  });

  test("params by Zod, and by JSON Schema as written", () => {
    const say = task(function say(name: string, level: number | undefined) {
      return `${name}${level ?? ""}`;
    });
    const zod = dag(
      "zod",
      { params: z.object({ region: z.string().default("eu"), level: z.number().optional() }) },
      (run) => {
        expectTypeOf(run.params.region).toEqualTypeOf<Ref<string>>();
        expectTypeOf(run.params.level).toEqualTypeOf<Ref<number | undefined>>();
        say(run.params.region, run.params.level);
      },
    );
    expectTypeOf(zod).toEqualTypeOf<
      DagDefinition<{ region?: string | undefined; level?: number | undefined }, undefined>
    >();
    const json = dag(
      "json",
      {
        params: {
          type: "object",
          properties: {
            region: { enum: ["eu", "us"], default: "eu" },
            days: { type: "array", items: { type: "string" } },
            size: { type: "integer" },
          },
          required: ["size"],
        },
      },
      (run) => {
        expectTypeOf(run.params.region).toEqualTypeOf<Ref<"eu" | "us">>();
        expectTypeOf(run.params.days).toEqualTypeOf<Ref<string[] | undefined>>();
        say(run.params.region, run.params.size);
      },
    );
    expectTypeOf(json).toEqualTypeOf<
      DagDefinition<{ size: number; region?: "eu" | "us"; days?: string[] }, undefined>
    >();
    expect([zod.spec().dagId, json.spec().dagId]).toEqual(["zod", "json"]);
  });

  test("everything the codec carries may be returned", () => {
    type Tree = { readonly value: number; readonly children: readonly Tree[] };
    const all = [
      task(function a(): Tree {
        return { value: 1, children: [] };
      }),
      task(function b(): Map<string, Set<bigint>> {
        return new Map();
      }),
      task(function c(): { at: Date; bytes: Uint8Array; none: undefined; maybe?: string } {
        return { at: new Date(0), bytes: new Uint8Array(), none: undefined };
      }),
      task(async function d(): Promise<unknown> {
        return JSON.parse("1") as unknown;
      }),
      task(function e(): readonly [string, number | null] {
        return ["a", null];
      }),
      task(function f() {}),
      task(function g(): { name: string; message: string } {
        return { name: "a", message: "b" };
      }),
    ];
    expect(all.map(({ id }) => id).join("")).toBe("abcdefg");
  });
});

test("wrong calls do not compile", () => {
  const wrong = (run: Run): void => {
    const rows = extract("d");
    // @ts-expect-error a plain value of the wrong type
    extract(1);
    // @ts-expect-error a handle of the wrong type
    extract(rows);
    // @ts-expect-error a reference of the wrong type
    extract(run.logicalDate);
    // @ts-expect-error a missing argument
    transform(rows);
    // @ts-expect-error a surplus argument
    transform(rows, 1, 2);
    // @ts-expect-error a wrong type deep inside an object
    report({ title: "t", parts: [{ rows: [{ id: "1", tags: [] }], at: new Date(0) }], by: "day" });
    // @ts-expect-error a wrong handle deep inside an object
    report({ title: "t", parts: [{ rows: extract("d").get(0), at: new Date(0) }], by: "day" });
    // @ts-expect-error a missing field inside an object
    load({ total: 1 });
    // @ts-expect-error a word that is not among those allowed
    report({ title: "t", parts: [], by: "month" });
    // @ts-expect-error a field that the result does not have
    rows.get(0).get("nope");
    // @ts-expect-error a key of a list is a number
    rows.get("length");
    // @ts-expect-error a value selected is not the whole
    transform(rows.get(0), 1);
    // @ts-expect-error a plain value has no place in the order
    chain(rows, "load");
    // @ts-expect-error a reference to the run has no place in the order
    chain(run.ds, rows);
    // @ts-expect-error a handle is not its value
    void rows.length;
    // @ts-expect-error a fact that a run does not have
    void run.executionDate;
  };
  expectTypeOf(wrong).toBeFunction();
});

test("wrong options do not compile", () => {
  const wrong = (): void => {
    // @ts-expect-error an unknown option of a task
    task({ retry: 3 }, async function t() {});
    // @ts-expect-error an unknown option in with
    extract.with({ retrys: 3 });
    // @ts-expect-error a trigger rule that does not exist
    task({ triggerRule: "all_good" }, async function t() {});
    // @ts-expect-error an isolation that does not exist
    task({ isolation: "container" }, async function t() {});
    // @ts-expect-error a duration is no bare number
    task({ retryDelay: 30 }, async function t() {});
    // @ts-expect-error an unknown option of a DAG
    dag("d", { scheduled: "@daily" }, () => {});
    // @ts-expect-error an unknown option among the defaults
    dag("d", { defaults: { retrys: 1 } }, () => {});
    // @ts-expect-error an id cannot be a default
    dag("d", { defaults: { id: "a" } }, () => {});
    // @ts-expect-error a length of time is not a schedule by itself
    dag("d", { schedule: { minutes: 5 } }, () => {});
    // @ts-expect-error an external task needs a handler
    externalTask<[Row[]], number>({ queue: "python" });
    // @ts-expect-error an external task has no place to run in TypeScript
    externalTask<[Row[]], number>({ handler: "h", isolation: "process" });
    // @ts-expect-error wire must not be async
    dag("d", {}, async () => {});
    const schema = z.object({ region: z.string() });
    dag("d", { params: schema }, (run) => {
      // @ts-expect-error an unknown param
      void run.params.area;
    });
    dag("d", { params: z.object({ n: z.number() }) }, (run) => {
      // @ts-expect-error a param of the wrong type
      extract(run.params.n);
    });
    dag("d", {}, (run) => {
      // @ts-expect-error a param of a DAG without any
      void run.params.region;
    });
  };
  expectTypeOf(wrong).toBeFunction();
});

test("results that the codec cannot carry do not compile", () => {
  class Account {
    readonly #secret = 1;
    reveal(): number {
      return this.#secret;
    }
  }
  class Sealed {
    private readonly inside = 1;
    constructor() {
      void this.inside;
    }
  }
  const wrong = (): void => {
    // @ts-expect-error a function
    task(function f() {
      return () => 1;
    });
    // @ts-expect-error a function inside
    task(async function f() {
      return { rows: [{ parse: (text: string) => text }] };
    });
    // @ts-expect-error a symbol
    task(function f() {
      return Symbol("s");
    });
    // @ts-expect-error an instance of a class with methods
    task({}, function f() {
      return new Account();
    });
    // @ts-expect-error an instance of a class with private parts
    task(function f() {
      return [new Sealed()];
    });
    // @ts-expect-error a Buffer, which would arrive without its methods
    task(async function f(): Promise<Buffer> {
      return Buffer.from("a");
    });
    // @ts-expect-error an error
    task(function f() {
      return new Error("no");
    });
    // @ts-expect-error a map of functions
    task(function f() {
      return new Map([["a", () => 1]]);
    });
    // @ts-expect-error a promise inside the result
    task(function f() {
      return { later: Promise.resolve(1) };
    });
    // @ts-expect-error an external task that promises a function
    externalTask<[], () => void>({ handler: "h" });
  };
  expectTypeOf(wrong).toBeFunction();
});

test("external tasks wire like others", () => {
  const score = externalTask<[rows: Row[], threshold?: number], { score: number }>({
    handler: "score_model",
    queue: "python",
  });
  wires(() => {
    const scored = score(extract("d"));
    expectTypeOf(scored).toEqualTypeOf<Handle<{ score: number }>>();
    transform([], scored.get("score"));
  });
  const wrong = (): void => {
    // @ts-expect-error a handle of the wrong type
    score(load({ total: 1, rows: [] }));
    // @ts-expect-error a missing argument
    score();
  };
  expectTypeOf(wrong).toBeFunction();
});
