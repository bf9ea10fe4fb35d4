import { DagService, PoolService } from "@millrace/wire/v1";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chainSpec, requestId } from "../testing/dag-specs.ts";
import { reasonOf, refusalOf } from "../testing/errors.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const pools = () => api.http(PoolService);
const make = (name: string, slots?: number) =>
  pools().createPool({ requestId: requestId(), name, ...(slots !== undefined && { slots }) });

test("default_pool is there without limit, may be changed, and cannot be deleted", async () => {
  const name = "default_pool";
  expect((await pools().getPool({ name })).pool).toMatchObject({ slots: 0, open: 0 });
  await pools().updatePool({ requestId: requestId(), name, slots: 4 });
  expect((await pools().getPool({ name })).pool).toMatchObject({ slots: 4, open: 4 });
  const updated = await pools().updatePool({ requestId: requestId(), name, unlimited: true });
  expect(updated.pool).toMatchObject({ slots: 0, description: "Tasks that name no pool." });
  expect(await reasonOf(pools().deletePool({ requestId: requestId(), name }))).toBe(
    "POOL_PROTECTED",
  );
});

test("pools come in pages by name, and are made, changed and deleted once for each request", async () => {
  for (const name of ["c", "a", "b"]) await make(name, 3);
  const first = await pools().listPools({ pageSize: 2 });
  expect(first.pools.map(({ name }) => name)).toEqual(["a", "b"]);
  const rest = await pools().listPools({ pageSize: 2, pageToken: first.nextPageToken });
  expect(rest.pools.map(({ name }) => name)).toEqual(["c", "default_pool"]);
  expect(rest.nextPageToken).toBe("");
  const request = { requestId: requestId(), name: "d", slots: 2, includeDeferred: true };
  expect(await pools().createPool(request)).toEqual(await pools().createPool(request));
  const change = { requestId: requestId(), name: "d", description: "new" };
  expect((await pools().updatePool(change)).pool).toMatchObject({
    ...{ slots: 2, description: "new", includeDeferred: true },
  });
  const deletion = { requestId: requestId(), name: "d" };
  await pools().deletePool(deletion);
  await pools().deletePool(deletion);
  expect(await reasonOf(pools().getPool({ name: "d" }))).toBe("POOL_NOT_FOUND");
});

test("what cannot be is refused with field, value and remedy", async () => {
  await make("taken", 1);
  expect(await reasonOf(make("taken", 1))).toBe("POOL_EXISTS");
  for (const slots of [0, -1, 1_000_001])
    expect((await refusalOf(make("bad", slots))).message).toContain(
      `slots is ${slots}: write a whole number from 1 to 1000000, or leave the pool without limit.`,
    );
  for (const name of ["", "a b", "x".repeat(251), "a\u0000"])
    expect((await refusalOf(make(name, 1))).message).toContain("the name of a pool has 1 to 250");
  const update = { requestId: requestId(), name: "taken", slots: 1, unlimited: true };
  expect((await refusalOf(pools().updatePool(update))).message).toContain(
    "unlimited is true, and slots is 1",
  );
  expect(await reasonOf(pools().updatePool({ requestId: requestId(), name: "none" }))).toBe(
    "POOL_NOT_FOUND",
  );
  expect(await reasonOf(pools().deletePool({ requestId: requestId(), name: "none" }))).toBe(
    "POOL_NOT_FOUND",
  );
});

test("whoever registers tasks whose pool is missing, or too small, is warned in the log; and nothing is refused", async () => {
  await make("small", 1);
  const spec = chainSpec("pooled", ["fine", "wide", "lost"]);
  const inPools = { fine: ["small", 1], wide: ["small", 2], lost: ["nowhere", 1] } as const;
  const tasks = spec.tasks.map((task) => {
    const [pool, poolSlots] = inPools[task.taskId as keyof typeof inPools];
    return { ...task, pool, poolSlots };
  });
  const request = { requestId: requestId(), folder: "pooled", dags: [{ ...spec, tasks }] };
  const { dags } = await api.http(DagService).registerDags(request);
  expect(dags).toHaveLength(1);
  const warnings = api.logs.filter(({ event }) => String(event).startsWith("dag.pool_"));
  expect(warnings).toMatchObject([
    { event: "dag.pool_too_small", dag_id: "pooled", task_id: "wide", pool_slots: 2, slots: 1 },
    { event: "dag.pool_missing", dag_id: "pooled", task_id: "lost", pool: "nowhere", slots: null },
  ]);
});
