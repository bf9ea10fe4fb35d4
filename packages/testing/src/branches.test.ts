/** Branches and short circuits by whole runs: what is chosen runs, the rest is skipped. */
import { branch, chain, choice, dag, each, gate, group, shortCircuit, task } from "@millrace/sdk";
import { describe, expect, test } from "vitest";
import type { RunResult } from "./index.ts";
import { ok, runDag, startDag } from "./index.ts";

const work = task({ id: "work" }, (input?: unknown) => input);
const named = (id: string, options: Parameters<typeof work.with>[0] = {}) =>
  work.with({ id, ...options })();

function statesOf({ tasks }: Pick<RunResult, "tasks">): Record<string, string> {
  return Object.fromEntries(tasks.map(({ id, state }) => [id, state]));
}

describe("a branch", () => {
  const pick = branch(function pick(): ("big" | "small" | "other")[] {
    return ["big"];
  });
  const shipped = dag("shipped", {}, () => {
    const cases = choice(pick()).cases({
      big: () => work.with({ id: "big" })("big one"),
      small: () => work.with({ id: "small" })("small one"),
      other: () => work.with({ id: "other" })("other one"),
    });
    return work.with({ id: "join" })(cases);
  });

  test("goes on with the case it chose; its value is what follows gets", async () => {
    const done = await runDag(shipped);
    expect(done.state).toBe("success");
    expect(done.task("pick").chosenCases).toEqual(["big"]);
    expect(statesOf(done)).toMatchObject({ big: "success", small: "skipped", other: "skipped" });
    expect(done.result).toBe("big one");
  });

  test.each([
    ["several cases", ["small", "other"], ["skipped", "success", "success", "success"]],
    ["none of them", [], ["skipped", "skipped", "skipped", "skipped"]],
  ])("may choose %s", async (_, chosen, states) => {
    const run = startDag(shipped, { outcomes: { pick: ok(chosen) } });
    await run.finish();
    expect(run.state).toBe("success");
    expect(["big", "small", "other", "join"].map((id) => run.task(id).state)).toEqual(states);
  });

  test("fails when it chooses what it does not have", async () => {
    const run = startDag(shipped, { outcomes: { pick: ok("huge") } });
    await run.finish();
    expect(run.task("pick").failure?.message).toContain(
      'chose "huge", which is none of its cases: big, small, other',
    );
    expect(run.task("big").state).toBe("upstream_failed");
  });

  test("does not skip a task that is also downstream of the case it chose", async () => {
    const definition = dag("d", {}, () => {
      const rule = { triggerRule: "none_failed" } as const;
      const last = named("last", rule);
      choice(pick()).cases({
        big: () => chain(named("first"), last),
        small: () => chain(last),
        other: () => void named("rest"),
      });
    });
    const done = await runDag(definition);
    expect(statesOf(done)).toMatchObject({ first: "success", last: "success", rest: "skipped" });
  });

  test("in a mapped group chooses for its own element", async () => {
    const bySize = branch(function by_size(size: number) {
      return size > 1 ? "big" : "small";
    });
    const definition = dag("d", {}, () => {
      group("each", each([1, 2]), (size) => {
        choice(bySize(size)).cases({
          big: () => void named("big"),
          small: () => void named("small"),
        });
      });
    });
    const done = await runDag(definition);
    const instances = (id: string) => done.task(id).instances.map(({ state }) => state);
    expect(instances("each.big")).toEqual(["skipped", "success"]);
    expect(instances("each.small")).toEqual(["success", "skipped"]);
    expect(done.task("each.by_size", 1).chosenCases).toEqual(["big"]);
  });

  test("counts again when what it skipped is cleared without it", async () => {
    const run = startDag(shipped);
    await run.finish();
    run.clear({ tasks: ["small"] });
    await run.finish();
    expect(run.task("small")).toMatchObject({ state: "skipped", attempts: 0 });
    expect(run.state).toBe("success");
  });
});

describe("a short circuit", () => {
  const isOpen = shortCircuit(function is_open() {
    return false;
  });
  const gated = (skipsDirectOnly: boolean) =>
    dag("gated", {}, () => {
      chain(
        gate(isOpen.with({ skipsDirectOnly })()),
        named("next"),
        named("last", { triggerRule: "all_done" }),
      );
    });

  test("lets everything through when it is true", async () => {
    const run = startDag(gated(false), { outcomes: { is_open: ok(true) } });
    await run.finish();
    expect(statesOf(run)).toEqual({ is_open: "success", next: "success", last: "success" });
    expect(run.task("is_open").chosenCases).toEqual([]);
  });

  test("skips all that follows when it is false, whatever its rule; or only what is next", async () => {
    const all = await runDag(gated(false));
    expect(statesOf(all)).toEqual({ is_open: "success", next: "skipped", last: "skipped" });
    expect(all.state).toBe("success");
    const direct = await runDag(gated(true));
    expect(statesOf(direct)).toEqual({ is_open: "success", next: "skipped", last: "success" });
  });

  test("fails for good when it returns something else", async () => {
    const run = startDag(gated(false), { outcomes: { is_open: ok("yes") } });
    await run.finish();
    expect(run.task("is_open")).toMatchObject({ state: "failed", attempts: 1 });
    expect(run.task("is_open").failure?.message).toContain('returned "yes"');
  });
});
