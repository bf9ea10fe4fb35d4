/** Who is told of nothing: what semantics 12.1 and 12.2 leave out. */

import { FailureKind, RunState, TaskState } from "@millrace/wire/v1";
import { expect, test } from "vitest";
import { aDag, aTask, registerDag } from "../testing/dags.ts";
import { choice, failure, success } from "../testing/fake-api.ts";
import { handlers, tellAll, tellEnds, telling, told } from "../testing/callbacks.ts";
import { aWorld, type World } from "../testing/world.ts";

const callbacks = tellAll;
const loud = (id: string) => aTask(id, { callbacks });

async function rowsOf(world: World): Promise<unknown[]> {
  const { rows } = await world.db.pool.query<{ ix: number }>(
    "SELECT ix, event FROM callback_delivery ORDER BY ix",
  );
  return rows;
}

test("what did not run because of what came before it tells nothing: upstream_failed, and a case not chosen", async () => {
  await using world = await aWorld();
  const branch = aTask("choose", {
    control: "branch",
    cases: [
      { name: "left", taskIds: ["left"] },
      { name: "right", taskIds: ["right"] },
    ],
  });
  const tasks = [aTask("bad"), loud("after"), branch, loud("left"), loud("right")];
  const edges = ["bad>after", "choose>left", "choose>right"];
  await registerDag(world.db, aDag("quiet", tasks, edges));
  await world.scheduler();
  const api = await world.api({
    handlers,
    body: telling(({ taskId }) => {
      if (taskId === "bad") return failure("boom", false);
      return taskId === "choose" ? choice("left") : success();
    }),
  });
  await world.untilFinal(await api.trigger("quiet"));
  await expect.poll(() => told(api)).toEqual(["success of left, try 1"]);
  expect(await rowsOf(world)).toHaveLength(1);
});

test("what a person marked tells nothing, and neither does a run that a person ended", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("marked", [loud("a"), loud("b")], [], { callbacks: tellEnds }));
  await world.scheduler();
  const api = await world.api({ handlers, body: telling(() => null) });
  const run = await api.trigger("marked");
  await expect.poll(() => api.assigned).toHaveLength(2);
  const selection = { instances: [{ taskId: "a" }] };
  const runKey = BigInt(run);
  await api.command("marked", {
    requestId: "task",
    command: {
      case: "markInstances",
      value: { runKey, selection, state: TaskState.FAILED },
    },
  });
  await api.command("marked", {
    requestId: "run",
    command: { case: "markRun", value: { runKey, state: RunState.SUCCESS } },
  });
  await expect.poll(() => world.runState(run)).toBe("success");
  expect(await rowsOf(world)).toEqual([]);
});

test("a cancelled run tells nothing, and its tasks tell nothing", async () => {
  await using world = await aWorld();
  const tasks = [loud("runs"), loud("waits")];
  await registerDag(world.db, aDag("gone", tasks, ["runs>waits"], { callbacks: tellEnds }));
  await world.scheduler();
  const api = await world.api({ handlers, body: telling(() => null) });
  const run = await api.trigger("gone");
  await expect.poll(() => api.assigned).toHaveLength(1);
  await api.command("gone", {
    requestId: "cancel",
    command: { case: "cancelRun", value: { runKey: BigInt(run) } },
  });
  await expect.poll(() => api.cancelled).toHaveLength(1);
  await api.report(api.cancelled[0] ?? "", {
    case: "failed",
    value: { kind: FailureKind.CANCELLED, message: "stopped" },
  });
  expect(await world.untilFinal(run)).toBe("failed");
  expect(await rowsOf(world)).toEqual([]);
});

test("where a DAG fails fast, who failed tells so, and those it took along tell nothing", async () => {
  await using world = await aWorld();
  const tasks = [loud("bad"), loud("runs"), loud("waits")];
  const quick = { failFast: true, callbacks: tellEnds };
  await registerDag(world.db, aDag("fast", tasks, ["runs>waits"], quick));
  await world.scheduler();
  const api = await world.api({ handlers, body: telling(() => null) });
  const run = await api.trigger("fast");
  await expect.poll(() => api.assigned).toHaveLength(2);
  const bad = api.assigned.find(({ taskId }) => taskId === "bad");
  await api.report(bad?.attemptId ?? "", failure("boom"));
  expect(await world.untilFinal(run)).toBe("failed");
  await expect
    .poll(() => told(api).toSorted())
    .toEqual(["failure of bad, try 1", "failure of the run"]);
  expect(await rowsOf(world)).toHaveLength(2);
});

test("a lost worker is no retry; what it ran tells of its success once", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("lost", [loud("a")]));
  await world.scheduler();
  const api = await world.api({ handlers, body: telling(() => null) });
  const run = await api.trigger("lost");
  await expect.poll(() => api.assigned).toHaveLength(1);
  await api.inventory([]);
  await api.inventory([]);
  await expect.poll(() => api.assigned).toHaveLength(2);
  await api.report(api.assigned[1]?.attemptId ?? "", success());
  expect(await world.untilFinal(run)).toBe("success");
  await expect.poll(() => told(api)).toEqual(["success of a, try 2"]);
});
