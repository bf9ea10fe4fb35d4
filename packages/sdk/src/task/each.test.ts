import { describe, expect, test } from "vitest";
import { chain, choice, branch, dag, each, group, task, zip } from "../index.ts";
import type { Handle, Run } from "../index.ts";

const list = task(function list(_day: string): number[] {
  return [1, 2];
});
const work = task(function work(_one: unknown, _more?: unknown): string {
  return "";
});
const sum = task(function sum(_all: readonly unknown[]): number {
  return 0;
});

const params = {
  type: "object",
  properties: { tables: { type: "array", items: { type: "string" }, default: [] } },
} as const;

function specOf(wire: (run: Run<{ tables: string[] }>) => void) {
  return dag("d", { params }, (run) => wire(run as unknown as Run<{ tables: string[] }>)).spec();
}

/** The mapping and the arguments of one task, edges of all. */
function mappingOf(id: string, wire: (run: Run<{ tables: string[] }>) => void) {
  const { tasks, edges } = specOf(wire);
  const found = tasks.find((one) => one.id === id);
  return {
    each: found?.each.map(({ sources }) => sources.map((text) => JSON.parse(text) as unknown)),
    args: JSON.parse(found?.args ?? "null") as unknown,
    edges: edges.map(({ from, to }) => `${from} → ${to}`),
  };
}

function parsed(text: string): unknown {
  return JSON.parse(text);
}

const taskRef = (id: string, ...path: (string | number)[]) => ({ $: "task", id, path });
const item = (of: string, n: number, ...path: (string | number)[]) => ({ $: "item", of, n, path });

describe("a mapped task", () => {
  test("walks over a list, a result or a param", () => {
    expect(mappingOf("work", () => work(each([1, new Date(0)])))).toEqual({
      each: [[[1, { $: "date", v: "1970-01-01T00:00:00.000Z" }]]],
      args: [item("work", 0)],
      edges: [],
    });
    expect(mappingOf("work", () => work(each(list("a"))))).toEqual({
      each: [[taskRef("list")]],
      args: [item("work", 0)],
      edges: ["list → work"],
    });
    expect(mappingOf("work", (run) => work(each(run.params.tables)))).toEqual({
      each: [[{ $: "run", path: ["params", "tables"] }]],
      args: [item("work", 0)],
      edges: [],
    });
  });

  test("over several lists is their product; the last varies fastest", () => {
    expect(mappingOf("work", () => work(each(["a"]), { deep: [each([1, 2])] }))).toEqual({
      each: [[["a"]], [[1, 2]]],
      args: [item("work", 0), { deep: [item("work", 1)] }],
      edges: [],
    });
  });

  test("over a zip has one dimension with a source for each list", () => {
    const pairs = mappingOf("work", () => work(each(["x"]), each(zip(list("a"), ["b"]))));
    expect(pairs).toEqual({
      each: [[["x"]], [taskRef("list"), ["b"]]],
      args: [item("work", 0), [item("work", 1), item("work", 2)]],
      edges: ["list → work"],
    });
  });

  test("has one dimension for one each, however often it stands in the arguments", () => {
    const twice = mappingOf("work", () => {
      const one = each([{ id: 1, name: "a" }]);
      work(one.get("id"), [one.get("name"), one]);
    });
    expect(twice.each).toEqual([[[{ id: 1, name: "a" }]]]);
    expect(twice.args).toEqual([item("work", 0, "id"), [item("work", 0, "name"), item("work", 0)]]);
  });

  test("one of a pair is an element of its list", () => {
    const { args } = mappingOf("work", () => {
      const pair = each(zip([{ id: 1 }], ["a"]));
      work(pair.get(0).get("id"), pair.get(1));
    });
    expect(args).toEqual([item("work", 0, "id"), item("work", 1)]);
  });

  test("gives the list of its results, and maps on over them", () => {
    const { tasks, edges } = specOf(() => {
      const texts = work(each([1]));
      sum(texts);
      work(each(texts));
    });
    expect(tasks.map(({ id, args }) => [id, parsed(args)])).toEqual([
      ["work", [item("work", 0)]],
      ["sum", [[taskRef("work")]].flat()],
      ["work__1", [item("work__1", 0)]],
    ]);
    expect(edges.map(({ from, to }) => `${from} → ${to}`)).toEqual([
      "work → sum",
      "work → work__1",
    ]);
  });

  test("keeps its template; others drop theirs", () => {
    const named = work.with({ mapIndexTemplate: "{{ item }}" });
    const { tasks } = specOf(() => {
      named(each([1]));
      named(2);
      group("g", each([1]), () => {
        named(3);
      });
    });
    expect(tasks.map(({ mapIndexTemplate }) => mapIndexTemplate)).toEqual([
      "{{ item }}",
      "",
      "{{ item }}",
    ]);
  });
});

describe("a mapped group", () => {
  test("gives its tasks one element, and outside the list of results", () => {
    const { tasks, groups, edges } = specOf(() => {
      const all = group("g", each(list("a")), each(["x"]), (one, letter) =>
        work(work(one), letter),
      );
      sum(all);
    });
    expect(groups[0]?.each.map(({ sources }) => sources.map(parsed))).toEqual([
      [taskRef("list")],
      [["x"]],
    ]);
    expect(tasks.map(({ id, args, each }) => [id, parsed(args), each])).toEqual([
      ["list", ["a"], []],
      ["g.work", [item("g", 0)], []],
      ["g.work__1", [taskRef("g.work"), item("g", 1)], []],
      ["sum", [taskRef("g.work__1")], []],
    ]);
    // Only its first tasks wait for the list: the others come after them anyhow.
    expect(edges.map(({ from, to }) => `${from} → ${to}`)).toEqual([
      "g.work → g.work__1",
      "g.work__1 → sum",
      "list → g.work",
    ]);
  });

  test("over a zip gets one reference for each list", () => {
    const { tasks } = specOf(() => {
      group("g", each(zip(["a"], [{ n: 1 }])), ([letter, { get }]) => {
        work(letter, get("n"));
      });
    });
    expect(JSON.parse(tasks[0]?.args ?? "")).toEqual([item("g", 0), item("g", 1, "n")]);
  });

  test("inside another sees both elements", () => {
    const { tasks, groups } = specOf(() => {
      const rows = list("a");
      const all = group("g", each([1]), (one) => group("h", each(rows), (row) => work(one, row)));
      sum(all);
    });
    expect(groups.map(({ id, parentId }) => [id, parentId])).toEqual([
      ["g", null],
      ["g.h", "g"],
    ]);
    expect(JSON.parse(tasks[1]?.args ?? "")).toEqual([item("g", 0), item("g.h", 0)]);
    expect(JSON.parse(tasks[2]?.args ?? "")).toEqual([taskRef("g.h.work")]);
  });

  test("gives several lists as an object", () => {
    const { tasks } = specOf(() => {
      const both = group("g", each([1]), (one) => ({ text: work(one), sum: sum([one]) }));
      sum([both.text, both.sum]);
    });
    expect(JSON.parse(tasks[2]?.args ?? "")).toEqual([[taskRef("g.work"), taskRef("g.sum")]]);
  });
});

describe("refused is", () => {
  test.each<[string, string, (run: Run<{ tables: string[] }>) => void]>([
    ["no list", "each(…) needs a list", () => work(each("abc" as unknown as string[]))],
    ["a zip of nothing", "zip() has nothing to walk over", () => work(each(zip()))],
    [
      "a list with handles in it",
      'task "work" of DAG "d" maps over has a handle among its elements',
      () => work(each([list("a")])),
    ],
    [
      "what cannot be carried",
      'the list that task "work" of DAG "d" maps over[0] is a function',
      () => work(each([() => 1])),
    ],
    [
      "a part of mapped results",
      'maps over a part of the results of the mapped task "list"',
      () => work(each(list(each(["a"])).get(0) as unknown as Handle<number[]>)),
    ],
    [
      "an element of a group",
      'maps over an element of the mapped group "g"; map over a list from outside of it',
      () => group("g", each([[1]]), (one) => work(each(one))),
    ],
    [
      "a value made inside a group",
      'maps over a value made inside the mapped group "g"',
      () => group("g", each(["a"]), (day) => work(each(list(day)))),
    ],
    [
      "the value of a case",
      "maps over the value of whichever case is taken; pass it through a task",
      () => {
        const pick = branch(function pick() {
          return Math.random() > 2 ? "a" : "b";
        });
        work(each(choice(pick()).cases({ a: () => list("a"), b: () => list("b") })));
      },
    ],
    [
      "an element outside its group",
      'uses an element outside the mapped group "g"',
      () => {
        let kept: unknown;
        group("g", each([1]), (one) => {
          kept = one;
          work(one);
        });
        work(kept);
      },
    ],
    [
      "a handle outside its group",
      'uses the handle of task "g.work" outside the mapped group "g", where there is one for each element; use what group(…) returns',
      () => {
        let kept: unknown;
        group("g", each([1]), (one) => {
          kept = work(one);
        });
        work(kept);
      },
    ],
    [
      "a group that returns a part of a result",
      'the mapped group "g" of DAG "d" must return whole results of tasks inside it',
      () => group("g", each(["a"]), (day) => list(day).get(0)),
    ],
    [
      "a group that returns its element",
      "must return whole results",
      () => group("g", each(["a"]), (day) => ({ day: day as unknown as Handle<string> })),
    ],
    [
      "a group that returns a value from outside",
      "must return whole results",
      () => {
        const outside = work(1);
        group("g", each(["a"]), () => {
          work(2);
          return outside;
        });
      },
    ],
    [
      "a group without a function",
      "its wire function last",
      () => group("g", each([1]), undefined as unknown as () => void),
    ],
    [
      "a mapped group without tasks, when its list is a result",
      'group "g" of DAG "d" has a place in the order but no tasks',
      () => group("g", each(list("a")), () => {}),
    ],
  ])("%s", (_name, message, wire) => {
    expect(() => specOf(wire)).toThrow(message);
  });

  test("an each where order is meant", () => {
    expect(() => specOf(() => chain(work(1), each([1]) as never))).toThrow(TypeError);
  });
});
