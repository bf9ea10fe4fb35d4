/** Who may decide about whom: semantics 2, 4.8, 7.1-7.3 and 7.7. */
import { describe, expect, test } from "vitest";
import type { BranchCase, DagSpec, GroupSpec, TaskSpec } from "../spec/spec.ts";
import { triggerRules } from "../spec/spec.ts";
import type { DagShape } from "../testing.ts";
import { aDagSpec } from "../testing.ts";
import { validateDagSpec } from "./validate.ts";

function problemsOf(shape: DagShape, options: Partial<DagSpec> = {}): string[] {
  return validateDagSpec(aDagSpec(shape, options)).map(({ message }) => message);
}

const others = triggerRules.filter((rule) => rule !== "all_success");
const mapped = (id: string, parentId: string | null = null): GroupSpec => ({
  id,
  parentId,
  tooltip: "",
  each: [{ sources: ["[1,2]"] }],
});

describe("trigger rules", () => {
  test.each(triggerRules)("%s is one", (triggerRule) => {
    expect(problemsOf({ tasks: { a: {}, b: { triggerRule } }, arrows: ["a > b"] })).toEqual([]);
  });

  test("a word that is none is answered with all thirteen", () => {
    const [problem] = problemsOf({ tasks: { a: { triggerRule: "none" as "always" } } });
    expect(problem).toBe(
      `tasks["a"].triggerRule is none: write one of ${triggerRules.join(", ")}.`,
    );
  });

  test.each(triggerRules)("whether a DAG that fails fast has a task with %s", (triggerRule) => {
    const shape = { tasks: { a: {}, b: { triggerRule } }, arrows: ["a > b"] };
    const remedy =
      "write one of all_success, none_failed, none_failed_min_one_success, or turn failFast off";
    const isAllowed = ["all_success", "none_failed", "none_failed_min_one_success"].includes(
      triggerRule,
    );
    expect(problemsOf(shape, { failFast: true })).toEqual(
      isAllowed ? [] : [expect.stringContaining(remedy)],
    );
  });

  test("a DAG that fails fast has teardowns with their own rule", () => {
    const tasks = { make: setup, use: {}, drop: teardown };
    const arrows = ["make > use > drop", "make > drop"];
    expect(problemsOf({ tasks, arrows }, { failFast: true })).toEqual([]);
  });
});

const setup = { role: "setup" } as const;
const teardown = { role: "teardown", triggerRule: "all_done_setup_success" } as const;

describe("setups and teardowns", () => {
  test.each(triggerRules.filter((rule) => rule !== "all_done_setup_success"))(
    "a teardown does not take %s",
    (triggerRule) => {
      expect(problemsOf({ tasks: { a: { ...teardown, triggerRule } } })).toEqual([
        expect.stringContaining("a teardown always runs once what it cleans up after is done"),
      ]);
    },
  );

  test.each(others)("a task directly after a setup does not take %s", (triggerRule) => {
    const shape = { tasks: { make: setup, use: { triggerRule } }, arrows: ["make > use"] };
    expect(problemsOf(shape)).toEqual([
      expect.stringContaining('it comes directly after the setup "make"'),
    ]);
  });

  test("a task further after a setup takes any rule", () => {
    const tasks = {
      make: setup,
      use: {},
      sum: { triggerRule: "one_done" },
      drop: teardown,
    } as const;
    expect(problemsOf({ tasks, arrows: ["make > use > sum > drop", "make > drop"] })).toEqual([]);
  });

  test("a teardown may be without a setup", () => {
    expect(problemsOf({ tasks: { a: {}, drop: teardown }, arrows: ["a > drop"] })).toEqual([]);
  });

  test("only a teardown fails the run by a word", () => {
    expect(problemsOf({ tasks: { a: { ...teardown, failsRun: true } } })).toEqual([]);
    expect(problemsOf({ tasks: { a: { failsRun: true } } })).toEqual([
      expect.stringContaining("only a teardown needs to say that its failure fails the run"),
    ]);
  });
});

describe("branches", () => {
  const branchTo = (...cases: BranchCase[]): Partial<TaskSpec> => ({ control: "branch", cases });
  const big = { name: "big", taskIds: ["b"] };

  test.each<[string, BranchCase[]]>([
    ["a task directly after it", [big]],
    ["a task further on", [{ name: "far", taskIds: ["join"] }]],
    ["several tasks", [big, { name: "all", taskIds: ["b", "c", "join"] }]],
    ["nothing", [{ name: "none", taskIds: [] }]],
  ])("may go on with %s", (_, cases) => {
    const tasks = { a: branchTo(...cases), b: {}, c: {}, join: {} };
    expect(problemsOf({ tasks, arrows: ["a > b c > join"] })).toEqual([]);
  });

  test.each<[string, BranchCase[], string]>([
    ["no cases", [], "is 0 cases: a branch has 1 to 1000; name what it may choose"],
    ["a case without a name", [{ ...big, name: "" }], "has 1 to 250 characters"],
    ["two cases of one name", [big, big], "another case of the branch has this name"],
    [
      "a case with a task that is not there",
      [{ name: "big", taskIds: ["x"] }],
      'is x: case "big" goes on with a task that the DAG does not have.',
    ],
    [
      "a case with a task that is not after it",
      [{ name: "big", taskIds: ["z"] }],
      'is z: case "big" goes on with a task that does not wait for the branch; add the edge a → z.',
    ],
    [
      "a case with itself",
      [{ name: "big", taskIds: ["a"] }],
      "goes on with a task that does not wait for the branch",
    ],
  ])("%s is refused", (_, cases, message) => {
    const tasks = { z: {}, a: branchTo(...cases), b: {} };
    expect(problemsOf({ tasks, arrows: ["z > a > b"] })).toEqual([
      expect.stringContaining(message),
    ]);
  });

  test("cases belong to branches, and skipping directly to short circuits", () => {
    const arrows = ["a > b"];
    const messages = [
      problemsOf({ tasks: { a: { cases: [big] }, b: {} }, arrows }),
      problemsOf({ tasks: { a: { control: "short_circuit", cases: [big] }, b: {} }, arrows }),
      problemsOf({ tasks: { a: { skipsDirectOnly: true }, b: {} }, arrows }),
      problemsOf({ tasks: { a: { ...branchTo(big), skipsDirectOnly: true }, b: {} }, arrows }),
    ];
    expect(messages).toEqual([
      [expect.stringContaining("only a branch has cases")],
      [expect.stringContaining("only a branch has cases")],
      [expect.stringContaining("only a short circuit skips")],
      [expect.stringContaining("only a short circuit skips")],
    ]);
    const sound = { control: "short_circuit", skipsDirectOnly: true } as const;
    expect(problemsOf({ tasks: { a: sound, b: {} }, arrows })).toEqual([]);
  });

  test.each(["branch", "short_circuit"] as const)("a %s is not mapped by itself", (control) => {
    const cases = control === "branch" ? [big] : [];
    const tasks = { a: { control, cases, each: [{ sources: ["[1]"] }] }, b: {} };
    expect(problemsOf({ tasks, arrows: ["a > b"] })).toEqual([
      expect.stringContaining("put it and what it chooses into a mapped group"),
    ]);
  });

  test("in a mapped group it chooses within the group, also deeper", () => {
    const groups = [mapped("g"), mapped("g.h", "g")];
    const a = branchTo({ name: "in", taskIds: ["b", "c"] }, { name: "out", taskIds: ["d"] });
    const tasks = { a: { groupId: "g", ...a }, b: { groupId: "g" }, c: { groupId: "g.h" }, d: {} };
    expect(problemsOf({ tasks, arrows: ["a > b c d"] }, { groups })).toEqual([
      expect.stringContaining('case "out" goes on with a task outside the mapped group "g"'),
    ]);
  });

  test("a branch before thousands of others answers in time", () => {
    const ids = Array.from({ length: 2000 }, (_, at) => `t${at}`);
    const last = ids.at(-1)!;
    const tasks = Object.fromEntries(
      ids.map((id) => [id, id === last ? {} : branchTo({ name: "on", taskIds: [last] })]),
    );
    expect(problemsOf({ tasks, arrows: [ids.join(" > ")] })).toEqual([]);
  });
});
