/** Branches, short circuits and what they skip: semantics 7.1-7.3. */
import { describe, expect, test } from "vitest";
import type { TaskSpec } from "../spec/spec.ts";
import { toldRun } from "../testing/told-run.ts";

const branch: Partial<TaskSpec> = {
  control: "branch",
  cases: [
    { name: "big", taskIds: ["big"] },
    { name: "small", taskIds: ["small"] },
    { name: "far", taskIds: ["deep"] },
  ],
};
const shape = {
  tasks: { pick: branch, big: {}, small: {}, other: {}, join: {}, deep: {} },
  arrows: ["pick > big small other", "big small > join", "other > deep"],
};

/** A run whose branch has chosen. */
function chosen(choice: readonly string[], join: Partial<TaskSpec> = {}) {
  const it = toldRun({ ...shape, tasks: { ...shape.tasks, join } });
  it.finish("pick", -1, { choice });
  return it;
}

describe("a branch", () => {
  test("goes on with the case that it names; the rest of what is directly after it is skipped at once", () => {
    const it = chosen(["big"], { triggerRule: "none_failed_min_one_success" });
    expect(it.states()).toEqual({
      ...{ pick: "success", big: "scheduled", small: "skipped", other: "skipped" },
      ...{ join: "none", deep: "skipped" },
    });
    it.finish("big join");
    expect(it.runState()).toBe("success");
  });

  test("may name several cases, and what follows both then waits for both", () => {
    const it = chosen(["big", "small"]);
    it.finish("big");
    expect(it.state("join")).toBe("none");
    it.finish("small");
    expect(it.state("join")).toBe("scheduled");
  });

  test("that names none skips all that is after it, and the run succeeds", () => {
    const it = chosen([]);
    expect(new Set(Object.values(it.states()))).toEqual(new Set(["success", "skipped"]));
    expect(it.runState()).toBe("success");
  });

  test("may name a task further on: what leads there is not skipped only if it is after a named one", () => {
    const it = chosen(["far"]);
    expect(it.states("other", "deep")).toEqual({ other: "skipped", deep: "skipped" });
  });

  test("does not skip what is directly after it and after what it names (7.3)", () => {
    const it = toldRun({
      tasks: {
        pick: { control: "branch", cases: [{ name: "a", taskIds: ["a"] }] },
        ...{ a: {}, join: {} },
      },
      arrows: ["pick > a > join", "pick > join"],
    });
    it.finish("pick", -1, { choice: ["a"] });
    expect(it.states("a", "join")).toEqual({ a: "scheduled", join: "none" });
  });

  test("that chooses what it does not have fails, naming what it has", () => {
    const it = toldRun({ ...shape, tasks: { ...shape.tasks, pick: { ...branch, retries: 3 } } });
    it.grant("pick");
    expect(it.succeed("pick", -1, { choice: ["huge"] })).toEqual({ kind: "OK" });
    expect(it.state("pick")).toBe("failed");
    expect(it.effects.changes[0]?.failure).toMatchObject({
      type: "UnknownCase",
      message: 'The branch chose "huge", which is none of its cases; it has "big", "small", "far".',
    });
  });

  test("without a word goes on with everything", () => {
    const it = toldRun(shape);
    it.finish("pick", -1, { choice: null });
    expect(it.states("big", "small", "other")).toEqual({
      ...{ big: "scheduled", small: "scheduled", other: "scheduled" },
    });
  });

  test("changes nothing that runs already or is final (C 1)", () => {
    const it = toldRun({
      tasks: {
        pick: branch,
        ...{ big: { triggerRule: "always" }, small: { triggerRule: "always" }, deep: {} },
        wait: { triggerRule: "always", retries: 1 },
      },
      arrows: ["pick > big small wait", "big > deep"],
    });
    it.grant("big");
    it.finish("small");
    it.grant("wait");
    it.fail("wait");
    it.finish("pick", -1, { choice: [] });
    expect(it.states("big", "small", "wait")).toEqual({
      ...{ big: "running", small: "success", wait: "skipped" },
    });
  });

  test("does not pass over a teardown: what it removes is there", () => {
    const it = toldRun({
      tasks: {
        make: { role: "setup" },
        pick: { control: "branch", cases: [{ name: "work", taskIds: ["work"] }] },
        work: {},
        remove: { role: "teardown", triggerRule: "all_done_setup_success" },
      },
      arrows: ["make > pick > work > remove", "make > remove", "pick > remove"],
    });
    it.finish("make");
    it.finish("pick", -1, { choice: [] });
    expect(it.states("work", "remove")).toEqual({ work: "skipped", remove: "scheduled" });
  });
});

describe("clearing what a branch has skipped (7.2)", () => {
  test("a child alone is skipped again, because the branch has not changed its mind", () => {
    const it = chosen(["big"]);
    expect(it.clear("small")).toEqual({ kind: "OK" });
    expect(it.state("small")).toBe("skipped");
    expect(it.effects.changes.map(({ state }) => state)).toEqual([1, 8]);
  });

  test("the branch with them lets it choose anew", () => {
    const it = chosen(["big"]);
    it.clear("pick", "big", "small", "other", "join", "deep");
    expect(it.state("small")).toBe("none");
    it.finish("pick", -1, { choice: ["small"] });
    expect(it.states("big", "small")).toEqual({ big: "skipped", small: "scheduled" });
  });

  test("a child of a branch that runs again waits for it", () => {
    const it = chosen(["big"]);
    it.clear("pick", "small");
    expect(it.state("small")).toBe("none");
  });
});

describe("a short circuit", () => {
  const circuit = (gate: Partial<TaskSpec>) =>
    toldRun({
      tasks: {
        make: { role: "setup" },
        gate: { control: "short_circuit", ...gate },
        ...{ a: {}, b: { triggerRule: "always" }, late: { triggerRule: "all_done" } },
        remove: { role: "teardown", triggerRule: "all_done_setup_success" },
      },
      arrows: ["make > gate > a > late > remove", "gate > b", "make > remove"],
    });

  test("that is open lets everything go on", () => {
    const it = circuit({});
    it.finish("make");
    it.finish("gate", -1, { choice: ["continue"] });
    expect(it.state("a")).toBe("scheduled");
  });

  test("that is closed skips all after it whatever the rules say, but for teardowns", () => {
    const it = circuit({});
    it.finish("make");
    it.finish("gate", -1, { choice: [] });
    expect(it.states("a", "b", "late", "remove")).toEqual({
      ...{ a: "skipped", b: "skipped", late: "skipped", remove: "scheduled" },
    });
  });

  test("that skips directly only leaves the rest to the rules", () => {
    const it = circuit({ skipsDirectOnly: true });
    it.finish("make");
    it.finish("gate", -1, { choice: [] });
    expect(it.states("a", "late")).toEqual({ a: "skipped", late: "scheduled" });
  });

  test("has no word on a grandchild that is cleared later: its rule has (7.2)", () => {
    const it = circuit({});
    it.finish("make");
    it.finish("gate", -1, { choice: [] });
    it.clear("late");
    // Its setup goes with it.
    it.finish("make");
    expect(it.states("a", "late")).toEqual({ a: "skipped", late: "scheduled" });
  });
});

describe("in a mapped group a choice is for its own index", () => {
  const grouped = (tasks: Record<string, Partial<TaskSpec>>, arrows: string[]) =>
    toldRun(
      { tasks, arrows },
      { groups: [{ id: "g", parentId: null, tooltip: "", each: [{ sources: ["[1,2]"] }] }] },
    );

  test("of a branch", () => {
    const it = grouped(
      {
        pick: { ...branch, cases: branch.cases!.slice(0, 2), groupId: "g" },
        ...{ big: { groupId: "g" }, small: { groupId: "g" }, after: {} },
      },
      ["pick > big small", "pick > after"],
    );
    it.finish("pick", 0, { choice: ["big"] });
    expect(it.states("big", "small")).toEqual({
      ...{ "big[0]": "scheduled", "small[0]": "skipped" },
      ...{ "big[1]": "none", "small[1]": "none" },
    });
    it.finish("pick", 1, { choice: ["small"] });
    expect(it.states("big", "small", "after")).toEqual({
      ...{ "big[0]": "scheduled", "small[0]": "skipped" },
      ...{ "big[1]": "skipped", "small[1]": "scheduled" },
      // Outside the group several instances would choose for one.
      after: "scheduled",
    });
  });

  test("of a short circuit, through the group and no further", () => {
    const it = grouped(
      {
        gate: { control: "short_circuit", groupId: "g" },
        ...{ a: { groupId: "g" }, b: { groupId: "g", triggerRule: "all_done" } },
        after: { triggerRule: "all_done" },
      },
      ["gate > a > b > after"],
    );
    it.finish("gate", 0, { choice: [] });
    it.finish("gate", 1, { choice: ["continue"] });
    expect(it.states("a", "b", "after")).toEqual({
      ...{ "a[0]": "skipped", "b[0]": "skipped", "a[1]": "scheduled", "b[1]": "none" },
      after: "none",
    });
  });
});

test("what was skipped is skipped before it is expanded too", () => {
  const it = toldRun({
    tasks: {
      pick: { control: "branch", cases: [{ name: "a", taskIds: ["a"] }] },
      ...{ a: {}, wide: { each: [{ sources: ["[1,2,3]"] }] }, after: { triggerRule: "all_done" } },
    },
    arrows: ["pick > a wide > after"],
  });
  it.finish("pick", -1, { choice: ["a"] });
  expect(it.states("wide")).toEqual({ wide: "skipped" });
});
