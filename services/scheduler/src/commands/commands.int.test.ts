import { expect, test } from "vitest";
import { fromBinary } from "@bufbuild/protobuf";
import { RunChangedSchema } from "@millrace/wire/internal";
import { FailureSchema, RunState } from "@millrace/wire/v1";
import { VerdictKind } from "@millrace/wire/worker";
import { aDag, registerDag } from "../testing/dags.ts";
import { failure, success, type FakeApi } from "../testing/fake-api.ts";
import { defaultSettings } from "../settings.ts";
import { aWorld } from "../testing/world.ts";

async function cancel(api: FakeApi, dagId: string, runKey: number): Promise<string> {
  const { reply } = await api.command(dagId, {
    command: { case: "cancelRun", value: { runKey: BigInt(runKey) } },
  });
  return reply.case === "refusal" ? reply.value.reason : String(reply.case);
}

async function remove(api: FakeApi, dagId: string, requestId: string): Promise<string> {
  const { reply } = await api.command(dagId, {
    requestId,
    command: { case: "deleteDag", value: { dagId } },
  });
  return reply.case === "refusal" ? reply.value.reason : String(reply.case);
}

test("the same request makes one run, however often and wherever it is asked; another body is refused", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("once", ["a"]));
  const first = await world.scheduler();
  const api = await world.api();
  const runs = await Promise.all(
    Array.from({ length: 20 }, () => api.trigger("once", { requestId: "r1" })),
  );
  expect(new Set(runs).size).toBe(1);
  await first.stop();
  await world.scheduler();
  expect(await api.trigger("once", { requestId: "r1" })).toBe(runs[0]);
  await expect(api.trigger("once", { requestId: "r1", params: { other: 1 } })).rejects.toThrow(
    "REQUEST_ID_REUSED",
  );
  const { rows } = await world.db.pool.query("SELECT count(*)::int AS runs FROM run");
  expect(rows).toEqual([{ runs: 1 }]);
});

test("a logical date belongs to one run of a DAG, also among triggers that come together", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("dated", ["a"]));
  await world.scheduler();
  const api = await world.api();
  const logicalAt = Date.UTC(2026, 0, 1);
  const asked = await Promise.allSettled(
    Array.from({ length: 5 }, () => api.trigger("dated", { logicalAt })),
  );
  expect(asked.filter((each) => each.status === "fulfilled")).toHaveLength(1);
  await expect(api.trigger("dated", { logicalAt })).rejects.toThrow("LOGICAL_DATE_TAKEN");
});

test("two thousand triggers that come together become two thousand runs with names of their own", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("many", ["a"], [], { maxActiveRuns: 5_000 }));
  await world.scheduler();
  const api = await world.api({ slots: 1_000 });
  const runs = await Promise.all(Array.from({ length: 2_000 }, () => api.trigger("many")));
  expect(new Set(runs).size).toBe(2_000);
  const succeeded = async () => {
    const { rows } = await world.db.pool.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM run WHERE state = 3",
    );
    return rows[0]?.n;
  };
  await expect.poll(succeeded, { timeout: 40_000 }).toBe(2_000);
  const { rows } = await world.db.pool.query(
    "SELECT count(DISTINCT run_name)::int AS names, count(*) FILTER (WHERE run_name LIKE 'manual\\_\\_%')::int AS manual FROM run",
  );
  expect(rows).toEqual([{ names: 2_000, manual: 2_000 }]);
});

test("unknown DAGs and runs are named as such", async () => {
  await using world = await aWorld();
  await world.scheduler();
  const api = await world.api();
  await expect(api.trigger("nothing")).rejects.toThrow("DAG_NOT_FOUND");
  expect(await cancel(api, "nothing", 12_345)).toBe("RUN_NOT_FOUND");
  expect(await remove(api, "nothing", "d1")).toBe("DAG_NOT_FOUND");
});

test("cancelling stops what runs, skips what waits, and the run fails as cancelled", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("stopped", ["a", "b"], ["a>b"]));
  await world.scheduler();
  const api = await world.api({ body: () => null });
  const run = await api.trigger("stopped");
  await expect.poll(() => api.assigned.length).toBe(1);
  const attemptId = api.assigned[0]?.attemptId ?? "";
  expect(await cancel(api, "stopped", run)).toBe("runKey");
  expect(await cancel(api, "stopped", run)).toBe("runKey");
  await expect.poll(() => api.cancelled).toEqual([attemptId]);
  expect(await api.inventory([attemptId])).toMatchObject([{ kind: VerdictKind.CANCEL_REQUESTED }]);
  expect(await world.runState(run)).toBe("running");
  await api.report(attemptId, failure("stopped"));
  expect(await world.untilFinal(run)).toBe("failed");
  expect(await world.taskStates(run)).toEqual(["failed", "skipped"]);
  const { rows } = await world.db.pool.query<{ failure: Buffer }>(
    "SELECT failure FROM run WHERE id = $1",
    [run],
  );
  expect(fromBinary(FailureSchema, rows[0]?.failure ?? new Uint8Array()).type).toBe("Cancelled");
  expect(await cancel(api, "stopped", run)).toBe("runKey");
});

test("a run that waits for its turn can be cancelled, and the next one is not held up", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("line", ["a"], [], { maxActiveRuns: 1 }));
  await world.scheduler();
  const api = await world.api({ body: () => null });
  const [first, second, third] = [
    await api.trigger("line"),
    await api.trigger("line"),
    await api.trigger("line"),
  ];
  await expect.poll(() => api.assigned.length).toBe(1);
  await cancel(api, "line", second);
  expect(await world.runState(second)).toBe("failed");
  await api.report(api.assigned[0]?.attemptId ?? "", success());
  await expect.poll(() => api.assigned.length).toBe(2);
  expect([await world.runState(first), await world.runState(third)]).toEqual([
    "success",
    "running",
  ]);
});

test("a DAG with active runs is not deleted; without, it goes with everything that hangs on it", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("doomed", ["a"]));
  await world.scheduler();
  const api = await world.api({ body: () => null });
  const run = await api.trigger("doomed");
  await expect.poll(() => api.assigned.length).toBe(1);
  expect(await remove(api, "doomed", "d1")).toBe("DAG_HAS_ACTIVE_RUNS");
  await api.report(api.assigned[0]?.attemptId ?? "", success());
  await world.untilFinal(run);
  expect(await remove(api, "doomed", "d1")).toBe("done");
  const { rows } = await world.db.pool.query(
    `SELECT (SELECT count(*) FROM dag)::int AS dags, (SELECT count(*) FROM run)::int AS runs,
            (SELECT count(*) FROM task_instance)::int AS tasks, (SELECT count(*) FROM event)::int AS events`,
  );
  expect(rows).toEqual([{ dags: 0, runs: 0, tasks: 0, events: 0 }]);
  await expect(api.trigger("doomed")).rejects.toThrow("DAG_NOT_FOUND");
});

test("the same request deletes a DAG once, wherever it is asked; for another DAG its id is refused", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("gone", ["a"]));
  await registerDag(world.db, aDag("kept", ["a"]));
  const first = await world.scheduler();
  const api = await world.api();
  await world.untilFinal(await api.trigger("gone"));
  const asked = Array.from({ length: 5 }, () => remove(api, "gone", "d1"));
  expect(await Promise.all(asked)).toEqual(Array.from({ length: 5 }, () => "done"));
  expect(await remove(api, "kept", "d1")).toBe("REQUEST_ID_REUSED");
  expect(await remove(api, "gone", "d2")).toBe("DAG_NOT_FOUND");
  await registerDag(world.db, aDag("gone", ["a"]));
  await first.stop();
  await world.scheduler();
  expect(await remove(api, "gone", "d1")).toBe("done");
  const { rows } = await world.db.pool.query("SELECT dag_id FROM dag ORDER BY dag_id");
  expect(rows).toEqual([{ dag_id: "gone" }, { dag_id: "kept" }]);
});

test("changes of a run are told after they are durable, few times a second, the last with its end", async () => {
  await using world = await aWorld();
  await registerDag(
    world.db,
    aDag(
      "watched",
      Array.from({ length: 50 }, (_, i) => `t${i}`),
    ),
  );
  await world.scheduler();
  const api = await world.api();
  const told: ReturnType<typeof read>[] = [];
  const read = (data: Uint8Array) => fromBinary(RunChangedSchema, data);
  world.bus.subscribe("runs.*", (data) => told.push(read(data)));
  const from = performance.now();
  const run = await api.trigger("watched");
  await world.untilFinal(run);
  await expect.poll(() => told.at(-1)?.state).toBe(RunState.SUCCESS);
  // The first, the last, and one for each pause between them.
  const pauses = (performance.now() - from) / defaultSettings.runFeedMs;
  expect(told.length).toBeLessThanOrEqual(2 + Math.floor(pauses));
  const last = new Map(
    told.flatMap((each) => each.taskInstances).map((each) => [each.taskId, each]),
  );
  expect(last.size).toBe(50);
  expect(last.get("t7")).toMatchObject({ tryNumber: 1, worker: "worker", queue: "default" });
  const { rows } = await world.db.pool.query("SELECT revision, counts FROM run WHERE id = $1", [
    run,
  ]);
  expect(rows).toEqual([
    {
      revision: Number(told.at(-1)?.revision),
      counts: [0, 0, 0, 0, 0, 50, 0, 0, 0, 0, 0, 0, 0, 0],
    },
  ]);
});
