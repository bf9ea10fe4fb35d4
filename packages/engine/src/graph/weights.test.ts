import * as fc from "fast-check";
import { expect, test } from "vitest";
import { aDag } from "../testing.ts";

const weightsOf = (dag: ReturnType<typeof aDag>) =>
  Object.fromEntries(dag.taskIds.map((id, ix) => [id, dag.weights[ix]]));

test("weights after their rule, each task counted once (semantics 5.5)", () => {
  const tasks = {
    a: { priorityWeight: 2 },
    b: {},
    c: { priorityWeight: 10 },
    d: { priorityWeight: 5 },
  };
  const arrows = ["a > b c > d"];
  const by = (weightRule: "downstream" | "upstream" | "absolute") =>
    weightsOf(
      aDag({
        tasks: Object.fromEntries(
          Object.entries(tasks).map(([id, task]) => [id, { ...task, weightRule }]),
        ),
        arrows,
      }),
    );
  expect(by("downstream")).toEqual({ a: 18, b: 6, c: 15, d: 5 });
  expect(by("upstream")).toEqual({ a: 2, b: 3, c: 12, d: 18 });
  expect(by("absolute")).toEqual({ a: 2, b: 1, c: 10, d: 5 });
});

test("sums are clamped to signed 32 bits", () => {
  const tasks = Object.fromEntries(
    Array.from({ length: 3_000 }, (_, at) => [`t${at}`, { priorityWeight: 1_000_000 }]),
  );
  const dag = aDag({ tasks, arrows: [Object.keys(tasks).join(" > ")] });
  expect(dag.weights[0]).toBe(2 ** 31 - 1);
  expect(dag.weights[2_999]).toBe(1_000_000);
});

test("any graph: the same as following every arrow", () => {
  const edges = fc.array(fc.tuple(fc.nat(79), fc.nat(79)), { maxLength: 160 });
  const own = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 80, maxLength: 80 });
  const rules = fc.constantFrom("downstream" as const, "upstream" as const, "absolute" as const);
  fc.assert(
    fc.property(
      edges,
      own,
      fc.array(rules, { minLength: 80, maxLength: 80 }),
      (pairs, weights, rule) => {
        const tasks = Object.fromEntries(
          weights.map((priorityWeight, at) => [
            `t${at}`,
            { priorityWeight, weightRule: rule[at]! },
          ]),
        );
        const sound = new Set(
          pairs.filter(([a, b]) => a !== b).map(([a, b]) => `${Math.min(a, b)} ${Math.max(a, b)}`),
        );
        const arrows = [...sound].map((pair) =>
          pair
            .split(" ")
            .map((at) => `t${at}`)
            .join(" > "),
        );
        const dag = aDag({ tasks, arrows });
        const next = (id: string, step: 0 | 1) =>
          dag.spec.edges
            .filter((edge) => (step === 0 ? edge.from : edge.to) === id)
            .map((edge) => (step === 0 ? edge.to : edge.from));
        for (const [ix, task] of dag.tasks.entries()) {
          const seen = new Set([task.id]);
          if (task.weightRule !== "absolute")
            for (const id of seen)
              for (const more of next(id, task.weightRule === "downstream" ? 0 : 1)) seen.add(more);
          const sum = [...seen].reduce(
            (all, id) => all + dag.tasks[dag.ixOf.get(id)!]!.priorityWeight,
            0,
          );
          expect(dag.weights[ix]).toBe(sum);
        }
      },
    ),
    { numRuns: 60 },
  );
});
