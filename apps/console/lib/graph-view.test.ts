import { expect, test } from "vitest";
import { cellWords, keysBetween, targetsOf } from "./grid-choice.ts";
import { layoutGraph } from "./graph-layout.ts";
import { fittingView, heightIn } from "./graph-view.ts";

function chain(length: number, label = "") {
  const ids = Array.from({ length }, (_, ix) => `task_${ix}`);
  const source = {
    groups: [],
    tasks: ids.map((taskId) => ({ taskId, groupId: "" })),
    edges: ids.slice(1).map((toTaskId, ix) => ({
      ...{ fromTaskId: ids[ix] ?? "", toTaskId },
      label: ix === 0 ? label : "",
    })),
  };
  return layoutGraph(source, { folded: new Set(), direction: "right" });
}

test("a graph that fits is shown whole, one that is too long in part, at the item looked for", () => {
  const frame = { width: 1_000, height: 300 };
  const short = fittingView(chain(3), frame, null);
  expect(short.x).toBeGreaterThan(0);
  const layout = chain(20);
  const first = fittingView(layout, frame, null);
  expect(first.zoom).toBe(0.75);
  expect(first.x).toBeGreaterThan(0);
  const last = fittingView(layout, frame, "task_19");
  expect(last.x + layout.width * last.zoom).toBeLessThan(frame.width);
  const middle = fittingView(layout, frame, "task_10");
  const item = layout.items.find(({ id }) => id === "task_10");
  expect(middle.x + (item?.x ?? 0) * middle.zoom).toBeGreaterThan(0);
  expect(middle.x + (item?.x ?? 0) * middle.zoom).toBeLessThan(frame.width / 2);
  expect(heightIn(layout, frame.width)).toBeLessThan(layout.height);
});

test("words on an arrow get room there, and nowhere else", () => {
  const [plain, worded] = [chain(4), chain(4, "incremental")];
  const at = (layout: typeof plain, id: string) =>
    layout.items.find((item) => item.id === id)?.x ?? 0;
  const gap = (layout: typeof plain, from: number) =>
    at(layout, `task_${from + 1}`) - at(layout, `task_${from}`);
  expect(gap(worded, 0)).toBeGreaterThan(gap(plain, 0) + 30);
  expect(gap(worded, 1)).toBe(gap(plain, 1));
  expect(worded.edges[0]?.label).toBe("incremental");
});

test("cells between two corners, without those that a version does not have, make one target a run", () => {
  const column = (runId: string, states: number[]) =>
    ({ run: { runId, state: 3 }, states }) as never;
  const grid = {
    taskIds: ["a", "b", "c"],
    columns: [column("r1", [6, 0, 7]), column("r2", [6, 6, 6]), column("r3", [6, 6, 6])],
  };
  const chosen = new Set(keysBetween(grid, { row: 2, column: 1 }, { row: 0, column: 0 }));
  const targets = targetsOf(grid, chosen);
  expect(targets.map(({ runId, keys }) => [runId, keys.map((key) => key.taskId)])).toEqual([
    ["r1", ["a", "c"]],
    ["r2", ["a", "b", "c"]],
  ]);
  expect(cellWords(targets)).toBe("5 tasks in 2 runs");
});
