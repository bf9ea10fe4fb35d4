/** Resource scopes by whole runs: what was acquired is released, whatever happened inside. */
import { chain, dag, setup, task } from "@millrace/sdk";
import { describe, expect, test } from "vitest";
import type { Outcomes } from "./index.ts";
import { after, fail, ok, skip, startDag } from "./index.ts";

const acquire = task(function acquire() {
  return "room";
});
const release = task(function release(_room: string) {});
const use = task(function use(room: string): number {
  return room.length;
});
const report = task(function report(_size: number) {});

const scoped = (failsRun = false) =>
  dag("scoped", {}, () => {
    const size = setup({ failsRun }, acquire(), release, (room) => use(room));
    report(size);
  });

async function play(outcomes: Outcomes, failsRun = false) {
  const run = startDag(scoped(failsRun), { outcomes });
  await run.finish();
  const states = ["acquire", "use", "release", "report"].map((id) => run.task(id).state);
  return { run, states };
}

describe("a setup and its teardown", () => {
  test("stand around the work", async () => {
    const { run, states } = await play({});
    expect(states).toEqual(["success", "success", "success", "success"]);
    expect(run.order.slice(0, 2)).toEqual(["acquire", "use"]);
  });

  test.each<[string, Outcomes, string[], string]>([
    [
      "the work failed",
      { use: fail() },
      ["success", "failed", "success", "upstream_failed"],
      "failed",
    ],
    [
      "the work was skipped",
      { use: skip() },
      ["success", "skipped", "success", "skipped"],
      "success",
    ],
    [
      "the setup failed",
      { acquire: fail() },
      ["failed", "upstream_failed", "upstream_failed", "upstream_failed"],
      "failed",
    ],
    [
      "the setup was skipped",
      { acquire: skip() },
      ["skipped", "skipped", "skipped", "skipped"],
      "success",
    ],
    [
      "the teardown failed",
      { release: fail() },
      ["success", "success", "failed", "success"],
      "success",
    ],
  ])("when %s", async (_, outcomes, expected, state) => {
    const { run, states } = await play(outcomes);
    expect({ states, state: run.state }).toEqual({ states: expected, state });
  });

  test("a failed teardown fails the run only when it says so", async () => {
    const { run } = await play({ release: fail() }, true);
    expect(run.state).toBe("failed");
  });

  test("the teardown waits for everything in its scope", async () => {
    const definition = dag("d", {}, () => {
      const deep = use.with({ id: "deep" });
      setup(acquire(), release, (room) => chain(use(room), deep(room)));
    });
    const run = startDag(definition, { outcomes: { deep: after("1h", ok(1)) } });
    await run.advance("1m");
    expect(run.task("release").state).toBe("none");
    expect(run.task("release").explain.flatMap(({ taskIds }) => taskIds)).toContain("deep");
    await run.finish();
    expect(run.task("release").state).toBe("success");
  });

  test("go along when the work between them is cleared", async () => {
    const { run } = await play({ use: [fail(), ok(4)] });
    const changed = run.clear({ tasks: ["use"] });
    expect(changed.filter(({ isImplied }) => isImplied).map(({ taskId }) => taskId)).toEqual(
      expect.arrayContaining(["acquire", "release"]),
    );
    await run.finish();
    expect(run.state).toBe("failed");
    expect(["acquire", "use", "release"].map((id) => run.task(id).attempts)).toEqual([2, 2, 2]);
    run.retry();
    await run.finish();
    expect(run.state).toBe("success");
    expect(run.task("report")).toMatchObject({ state: "success", attempts: 1 });
  });
});
