import { array, assert, constantFrom, integer, nat, property, tuple } from "fast-check";
import { describe, expect, test } from "vitest";
import { edgePath } from "./edge-path.ts";
import { foldedAtFirst, layoutGraph, visibleItemsMax } from "./graph-layout.ts";
import type { GraphItem, GraphSource } from "./graph-layout.ts";

const open: ReadonlySet<string> = new Set();

function source(
  edges: readonly (readonly [string, string])[],
  groups: Readonly<Record<string, string>> = {},
): GraphSource {
  const ids = [...new Set(edges.flat())];
  return {
    tasks: ids.map((taskId) => ({ taskId, groupId: groups[taskId] ?? "" })),
    edges: edges.map(([fromTaskId, toTaskId]) => ({ fromTaskId, toTaskId })),
    groups: [...new Set(Object.values(groups))].map((groupId) => ({ groupId, parentGroupId: "" })),
  };
}

function byId(items: readonly GraphItem[]): ReadonlyMap<string, GraphItem> {
  return new Map(items.map((item) => [item.id, item]));
}

function overlap(a: GraphItem, b: GraphItem): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

describe("layoutGraph", () => {
  test("a task stands after the tasks it waits for, in either direction", () => {
    const graph = source([
      ["a", "b"],
      ["a", "c"],
      ["b", "d"],
      ["c", "d"],
    ]);
    const right = byId(layoutGraph(graph, { folded: open, direction: "right" }).items);
    const down = byId(layoutGraph(graph, { folded: open, direction: "down" }).items);
    for (const [from, to] of graph.edges.map((edge) => [edge.fromTaskId, edge.toTaskId])) {
      expect(right.get(from ?? "")?.x).toBeLessThan(right.get(to ?? "")?.x ?? 0);
      expect(down.get(from ?? "")?.y).toBeLessThan(down.get(to ?? "")?.y ?? 0);
    }
  });

  test("an open group surrounds its tasks, and only them", () => {
    const graph = source(
      [
        ["start", "in.a"],
        ["in.a", "in.b"],
        ["in.b", "end"],
      ],
      { "in.a": "in", "in.b": "in" },
    );
    const items = byId(layoutGraph(graph, { folded: open, direction: "right" }).items);
    const box = items.get("in");
    expect(box?.kind).toBe("group");
    for (const [id, isInside] of [
      ["in.a", true],
      ["in.b", true],
      ["start", false],
      ["end", false],
    ] as const) {
      const item = items.get(id);
      expect(box && item && overlap(box, item), id).toBe(isInside);
    }
    expect(items.get("in.a")?.label).toBe("a");
  });

  test("a folded group is one item, and its edges lead to it", () => {
    const graph = source(
      [
        ["start", "in.a"],
        ["in.a", "in.b"],
        ["in.b", "end"],
      ],
      { "in.a": "in", "in.b": "in" },
    );
    const layout = layoutGraph(graph, { folded: new Set(["in"]), direction: "right" });
    expect(layout.items.map(({ id, kind }) => `${id}:${kind}`).sort()).toEqual([
      "end:task",
      "in:folded",
      "start:task",
    ]);
    expect(layout.edges.map((edge) => edge.id).sort()).toEqual(["in→end", "start→in"]);
  });

  test("groups that lead into each other both ways are drawn all the same", () => {
    const graph = source(
      [
        ["x.a", "y.a"],
        ["y.b", "x.b"],
      ],
      { "x.a": "x", "x.b": "x", "y.a": "y", "y.b": "y" },
    );
    expect(layoutGraph(graph, { folded: open, direction: "right" }).items).toHaveLength(6);
    expect(
      layoutGraph(graph, { folded: new Set(["x", "y"]), direction: "right" }).items,
    ).toHaveLength(2);
  });

  test("a layer of two hundred is broken into lanes instead of one endless column", () => {
    const wide = source(
      Array.from(
        { length: 200 },
        (_, ix) =>
          [
            ["first", `t${ix}`],
            [`t${ix}`, "last"],
          ] as const,
      ).flat(),
    );
    const layout = layoutGraph(wide, { folded: open, direction: "right" });
    expect(layout.items).toHaveLength(202);
    expect(layout.height).toBeLessThan(2_000);
  });

  test("no two tasks overlap, whatever the shape", () => {
    assert(
      property(
        integer({ min: 1, max: 40 }),
        array(tuple(nat(39), nat(39)), { maxLength: 80 }),
        constantFrom("right" as const, "down" as const),
        (count, pairs, direction) => {
          const edges = pairs
            .filter(([a, b]) => a < b && b < count)
            .map(([a, b]) => ({ fromTaskId: `t${a}`, toTaskId: `t${b}` }));
          const tasks = Array.from({ length: count }, (_, ix) => ({
            taskId: `t${ix}`,
            groupId: "",
          }));
          const { items } = layoutGraph({ tasks, edges, groups: [] }, { folded: open, direction });
          expect(items).toHaveLength(count);
          for (const [ix, a] of items.entries()) {
            for (const b of items.slice(ix + 1))
              expect(overlap(a, b), `${a.id} on ${b.id}`).toBe(false);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("foldedAtFirst", () => {
  test("a small graph begins open; a large one folds its largest groups until it can be read", () => {
    const group = (id: string, size: number) =>
      Array.from({ length: size }, (_, ix) => ({ taskId: `${id}.${ix}`, groupId: id }));
    const groups = ["big", "small"].map((groupId) => ({ groupId, parentGroupId: "" }));
    const small = { tasks: group("small", 20), edges: [], groups };
    const large = {
      tasks: [...group("big", visibleItemsMax), ...group("small", 20)],
      edges: [],
      groups,
    };
    expect([...foldedAtFirst(small)]).toEqual([]);
    expect([...foldedAtFirst(large)]).toEqual(["big"]);
  });
});

describe("edgePath", () => {
  test("begins and ends where it is told, by way of the points between", () => {
    expect(
      edgePath(
        [
          [0, 0],
          [100, 50],
        ],
        "right",
      ),
    ).toBe("M0,0C50,0 50,50 100,50");
    expect(
      edgePath(
        [
          [0, 0],
          [50, 100],
          [0, 200],
        ],
        "down",
      ).match(/C/g),
    ).toHaveLength(2);
    expect(edgePath([], "right")).toBe("");
  });
});
