/** What compiles and what does not of mapping, branches, gates, scopes and sensors; as `types.test.ts`, `tsc` is the judge. */

import { describe, expect, expectTypeOf, test } from "vitest";
import {
  branch,
  chain,
  choice,
  dag,
  done,
  each,
  externalTask,
  gate,
  group,
  label,
  sensor,
  setup,
  shortCircuit,
  task,
  zip,
} from "./index.ts";
import type { DagDefinition, Handle, MappedHandle, Ordered, Ref, Run } from "./index.ts";

type Row = { id: number; name?: string; tags: string[] };

const extract = task(async function extract(day: string): Promise<Row[]> {
  return [{ id: day.length, tags: [] }];
});
const measure = task(function measure(row: Row, region: "eu" | "us" = "eu"): number {
  return row.id + region.length;
});
const total = task(function total(sizes: readonly number[]): number {
  return sizes.length;
});
const say = task(function say(_text: unknown): void {});
const store = task(function store(input: { row: Row; to: { region: string }[] }): string {
  return `${input.row.id} ${input.to.length}`;
});

/** Wires in a DAG that is compiled, so that what compiles is shown to run too. */
function wires(wire: (run: Run<{ readonly tables: string[] }>) => void): void {
  const params = {
    type: "object",
    properties: { tables: { type: "array", items: { type: "string" }, default: [] } },
  } as const;
  const definition = dag("checked", { params }, (run) => wire(run));
  expect(definition.spec().tasks.length).toBeGreaterThan(0);
}

describe("each", () => {
  test("maps over lists, handles of lists and params; the results are a list", () => {
    wires((run) => {
      const rows = extract(run.ds);
      const sizes = measure(each(rows));
      expectTypeOf(sizes).toEqualTypeOf<MappedHandle<number>>();
      expectTypeOf(sizes).toExtend<Handle<number[]>>();
      expectTypeOf(total(sizes)).toEqualTypeOf<Handle<number>>();
      expectTypeOf(sizes.get(0)).toEqualTypeOf<Handle<number | undefined>>();
      expectTypeOf(measure(each([{ id: 1, tags: ["a"] }]))).toEqualTypeOf<MappedHandle<number>>();
      expectTypeOf(say(each(run.params.tables))).toEqualTypeOf<MappedHandle<void>>();
      expectTypeOf(say(each(sizes))).toEqualTypeOf<MappedHandle<void>>();
    });
  });

  test("leaves out of the list what instances that returned nothing would be", () => {
    wires((run) => {
      const odd = task(function odd(row: Row) {
        return row.id % 2 === 1 ? row : undefined;
      });
      const rows = odd(each(extract(run.ds)));
      expectTypeOf(rows).toEqualTypeOf<MappedHandle<Row>>();
      measure(each(rows));
      const inGroup = group("g", each(extract(run.ds)), (row) => odd(row));
      expectTypeOf(inGroup).toEqualTypeOf<MappedHandle<Row>>();
    });
  });

  test("several are a product, and literals keep their types", () => {
    wires((run) => {
      measure(each(extract(run.ds)), each(["eu", "us"]));
      measure({ id: 1, tags: [] }, each(["eu", "us"]));
    });
  });

  test("stands anywhere inside an argument, and selects fields", () => {
    wires((run) => {
      const row = each(extract(run.ds));
      const stored = store({ row, to: [{ region: each(["eu", "us"]) }] });
      expectTypeOf(stored).toEqualTypeOf<MappedHandle<string>>();
      say([row.get("id"), { tags: row.get("tags") }]);
    });
  });

  test("zip gives pairs", () => {
    wires((run) => {
      const pair = each(zip(extract(run.ds), ["eu", "us"]));
      const both = task(function both([row, region]: [Row, string]) {
        return row.id + region.length;
      });
      expectTypeOf(both(pair)).toEqualTypeOf<MappedHandle<number>>();
      measure(pair.get(0));
      say(pair.get(1));
    });
  });

  test("maps tasks of other languages too", () => {
    wires((run) => {
      const score = externalTask<[row: Row], number>({ handler: "score" });
      expectTypeOf(score(each(extract(run.ds)))).toEqualTypeOf<MappedHandle<number>>();
      expectTypeOf(score({ id: 1, tags: [] })).toEqualTypeOf<Handle<number>>();
    });
  });

  test("wrong ones do not compile", () => {
    const wrong = (run: Run<{ tables: string[]; name: string }>): void => {
      const rows = extract(run.ds);
      // @ts-expect-error a text is no list
      each("abc");
      // @ts-expect-error a handle of something else than a list
      each(total([]));
      // @ts-expect-error a param that is no list
      each(run.params.name);
      // @ts-expect-error elements of the wrong type
      measure(each(["a"]));
      // @ts-expect-error elements of a handle of the wrong type
      extract(each(rows));
      // @ts-expect-error elements of the wrong type among the product
      measure(each(rows), each(["eu", "asia"]));
      // @ts-expect-error elements of the wrong type deep inside
      store({ row: each(["a"]), to: [] });
      // @ts-expect-error a mapped result is no single element
      measure(measure(each(rows)));
      // @ts-expect-error nor is its list one element
      extract(measure(each(rows)));
      // @ts-expect-error a missing argument
      store(each(rows));
      // @ts-expect-error a surplus argument
      total(each([[1]]), 2);
      // @ts-expect-error a field that the elements do not have
      each(rows).get("nope");
      // @ts-expect-error an element has no place in the order
      chain(each(rows), total([]));
      // @ts-expect-error a text among lists
      zip(rows, "abc");
      // @ts-expect-error the halves of a pair in the wrong order
      measure(each(zip(["eu"], rows)).get(0));
    };
    expectTypeOf(wrong).toBeFunction();
  });
});

describe("mapped groups", () => {
  test("give one element inside, and the list of results outside", () => {
    wires((run) => {
      const sizes = group("file", each(extract(run.ds)), (row) => {
        expectTypeOf(row).toEqualTypeOf<Ref<Row>>();
        const size = measure(row);
        expectTypeOf(size).toEqualTypeOf<Handle<number>>();
        return size;
      });
      expectTypeOf(sizes).toEqualTypeOf<MappedHandle<number>>();
      total(sizes);
    });
  });

  test("take options, several lists, and pairs", () => {
    wires((run) => {
      group(
        "product",
        { tooltip: "t" },
        each(extract(run.ds)),
        each(["eu", "us"]),
        (row, region) => {
          expectTypeOf(region).toEqualTypeOf<Ref<"eu" | "us">>();
          measure(row, region);
        },
      );
      group("pairs", each(zip(extract(run.ds), [1, 2])), ([row, size]) => {
        expectTypeOf(size).toEqualTypeOf<Ref<number>>();
        say([measure(row), size]);
      });
    });
  });

  test("give a list for each handle of an object, and an order for nothing", () => {
    wires((run) => {
      const both = group("g", each(extract(run.ds)), (row) => ({
        size: measure(row),
        said: say(row),
      }));
      expectTypeOf(both).toEqualTypeOf<{ size: MappedHandle<number>; said: MappedHandle<void> }>();
      const nothing = group("h", each([1]), (one) => {
        say(one);
      });
      expectTypeOf(nothing).toEqualTypeOf<Ordered>();
      chain(both.size, nothing);
    });
  });

  test("nested, all results are one list", () => {
    wires((run) => {
      const sizes = group("outer", each(extract(run.ds)), (row) =>
        group("inner", each(["eu", "us"]), (region) => measure(row, region)),
      );
      expectTypeOf(sizes).toEqualTypeOf<MappedHandle<number>>();
      const rows = extract(run.ds);
      const mapped = group("g", each([1]), () => measure(each(rows)));
      expectTypeOf(mapped).toEqualTypeOf<MappedHandle<number>>();
    });
  });

  test("wrong ones do not compile", () => {
    const wrong = (run: Run): void => {
      const rows = extract(run.ds);
      // @ts-expect-error an element of the wrong type
      group("a", each(rows), (row) => extract(row));
      // @ts-expect-error all results are no single one
      measure(group("b", each(rows), (row) => row.get("id") && say(row)));
      // @ts-expect-error a list is not mapped over without each
      group("c", rows, (row) => say(row));
      // @ts-expect-error more elements than lists
      group("d", each(rows), (row, region) => say([row, region]));
      // @ts-expect-error an unknown option
      group("e", { tip: "t" }, each(rows), (row) => say(row));
    };
    expectTypeOf(wrong).toBeFunction();
  });
});

const size = branch(function size(rows: number) {
  return rows > 1000 ? "big" : "small";
});

describe("branches", () => {
  test("give the value of the case that was taken", () => {
    wires(() => {
      const both = choice(size(1)).cases({
        big: () => total([1]),
        small: () => extract("d").get(0),
      });
      expectTypeOf(both).toEqualTypeOf<Handle<number | Row | undefined>>();
      const lone = choice(size(2)).cases({ big: () => total([1]), small: () => {} });
      expectTypeOf(lone).toEqualTypeOf<Handle<number | undefined>>();
      const none = choice(size(3)).cases({
        big: () => {},
        small: () =>
          group("g", () => {
            say(1);
          }),
      });
      expectTypeOf(none).toEqualTypeOf<Ordered>();
      const mapped = choice(size(4)).cases({
        big: () => measure(each(extract("d"))),
        small: () => {},
      });
      expectTypeOf(mapped).toEqualTypeOf<Handle<number[] | undefined>>();
      say([both, lone, mapped]);
      chain(none, say("end"));
    });
  });

  test("choose one case, several or none, now or later", () => {
    wires(() => {
      const several = branch(function several(rows: number) {
        const chosen: ("a" | "b")[] = rows > 1 ? ["a", "b"] : [];
        return chosen;
      });
      choice(several(1)).cases({ a: () => say(1), b: () => say(2) });
      const maybe = branch({ retries: 1 }, async function maybe(rows: number) {
        return rows > 1 ? ("only" as const) : null;
      });
      choice(maybe(1)).cases({ only: () => say(3) });
      choice(maybe.with({ id: "other" })(2)).cases({ only: () => say(4) });
    });
  });

  test("wrong ones do not compile", () => {
    const wrong = (): void => {
      // @ts-expect-error a missing case
      choice(size(1)).cases({ big: () => say(1) });
      // @ts-expect-error an unknown case
      choice(size(1)).cases({ big: () => say(1), small: () => say(2), huge: () => say(3) });
      // @ts-expect-error a case that is no function
      choice(size(1)).cases({ big: say(1), small: () => say(2) });
      // @ts-expect-error a case that returns a plain value
      choice(size(1)).cases({ big: () => 5, small: () => say(2) });
      // @ts-expect-error a body that may answer any text
      branch(function any(text: string) {
        return text;
      });
      // @ts-expect-error a body that answers a number
      branch(function number() {
        return 1;
      });
      // @ts-expect-error the value of a case may be missing
      total([choice(size(1)).cases({ big: () => total([]), small: () => {} })]);
      // @ts-expect-error the value of another type than asked for
      extract(choice(size(1)).cases({ big: () => total([]), small: () => total([]) }));
      // @ts-expect-error a wrong argument of a branch
      size("1");
    };
    expectTypeOf(wrong).toBeFunction();
  });
});

const isReady = shortCircuit({ skipsDirectOnly: true }, async function is_ready(day: string) {
  return day !== "";
});

describe("gates", () => {
  test("let through what a function wires, or what a chain names", () => {
    wires((run) => {
      const sum = gate(isReady(run.ds)).then(() => total([1]));
      expectTypeOf(sum).toEqualTypeOf<Handle<number>>();
      const order = gate(isReady("d")).then(() => {
        say(1);
      });
      expectTypeOf(order).toEqualTypeOf<Ordered>();
      chain(gate(isReady("e")), label("ready"), [say(2), say(3)], label("both"), order);
    });
  });

  test("wrong ones do not compile", () => {
    const wrong = (): void => {
      // @ts-expect-error a task that does not answer yes or no
      gate(total([]));
      // @ts-expect-error a body that answers a text
      shortCircuit(function text() {
        return "yes";
      });
      // @ts-expect-error an option that only short circuits have
      task({ skipsDirectOnly: true }, function t() {});
      // @ts-expect-error an unknown option in with
      isReady.with({ skips: true });
      // @ts-expect-error a bare text is no label
      chain(say(1), "ready", say(2));
    };
    expectTypeOf(wrong).toBeFunction();
  });
});

type Cluster = { url: string };
const create = task(function create(nodes: number): Cluster {
  return { url: `c${nodes}` };
});
const remove = task(function remove(_cluster: Cluster): void {});

describe("scopes", () => {
  test("hand what was acquired to both functions", () => {
    wires(() => {
      const sum = setup(create(3), remove, (cluster) => {
        expectTypeOf(cluster).toEqualTypeOf<Handle<Cluster>>();
        say(cluster.get("url"));
        return total([1]);
      });
      expectTypeOf(sum).toEqualTypeOf<Handle<number>>();
      const order = setup(
        { failsRun: true },
        create(1),
        (cluster) => remove(cluster),
        () => {
          say(1);
        },
      );
      expectTypeOf(order).toEqualTypeOf<Ordered>();
    });
  });

  test("wrong ones do not compile", () => {
    const wrong = (): void => {
      // @ts-expect-error a release that takes something else
      setup(create(1), total, () => say(1));
      // @ts-expect-error work that takes something else
      setup(create(1), remove, (cluster) => total(cluster));
      // @ts-expect-error no release
      setup(create(1), () => say(1));
      // @ts-expect-error a task instead of its handle
      setup(create, remove, () => say(1));
      // @ts-expect-error an unknown option
      setup({ failRun: true }, create(1), remove, () => say(1));
    };
    expectTypeOf(wrong).toBeFunction();
  });
});

describe("sensors", () => {
  test("have the value that they are done with", () => {
    wires(() => {
      const sized = sensor(
        { mode: "reschedule", interval: "5m" },
        async function sized(path: string) {
          return path === "" ? false : done({ path, bytes: 3 });
        },
      );
      expectTypeOf(sized("a")).toEqualTypeOf<Handle<{ path: string; bytes: number }>>();
      expectTypeOf(sized(each(["a", "b"]))).toEqualTypeOf<
        MappedHandle<{ path: string; bytes: number }>
      >();
      const there = sensor(function there(path: string) {
        return path !== "";
      });
      expectTypeOf(there("a")).toEqualTypeOf<Handle<undefined>>();
      const either = sensor(function either(path: string) {
        if (path === "") return undefined;
        return path === "a" ? true : done(1);
      });
      expectTypeOf(either.with({ timeout: "1h", softFail: true })("b")).toEqualTypeOf<
        Handle<number | undefined>
      >();
    });
  });

  test("wrong ones do not compile", () => {
    const wrong = (): void => {
      // @ts-expect-error a body that answers a value without done
      sensor(function value() {
        return { bytes: 3 };
      });
      // @ts-expect-error a value that cannot be carried
      sensor(function uncarried() {
        return done(() => 1);
      });
      // @ts-expect-error a mode that does not exist
      sensor({ mode: "defer" }, () => true);
      // @ts-expect-error an option that only sensors have
      task({ interval: "5m" }, function t() {});
    };
    expectTypeOf(wrong).toBeFunction();
  });
});

test("the result of a DAG is what its wire function returns", () => {
  const sum = dag("sum", {}, (run) => total(measure(each(extract(run.ds)))));
  expectTypeOf(sum).toExtend<DagDefinition<never, number>>();
  expect(sum.spec().resultTaskId).toBe("total");
  const none = dag("none", {}, () => {
    say(1);
  });
  expectTypeOf(none).toExtend<DagDefinition<never, undefined>>();
  expect(none.spec().resultTaskId).toBeNull();
});
