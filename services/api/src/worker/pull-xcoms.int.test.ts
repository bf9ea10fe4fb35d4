/** Pulls, as workers ask for them: semantics 8.2. */

import { create } from "@bufbuild/protobuf";
import { TaskState } from "@millrace/engine";
import { attemptIdOf, type AttemptPart } from "@millrace/wire";
import { DagService, MapAxisSchema } from "@millrace/wire/v1";
import type { PullXComsRequest } from "@millrace/wire/worker";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { chainSpec, requestId } from "../testing/dag-specs.ts";
import { reasonOf, refusalOf } from "../testing/errors.ts";
import { startFakeOwner, type FakeOwner } from "../testing/fake-owner.ts";
import { beginRun, putInstance, type TestRun } from "../testing/instances.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";
import { openTestSession } from "../testing/test-worker.ts";

const sources = [new TextEncoder().encode('{"$":"task","id":"list"}')];
const [list, load, ask] = [0, 1, 2];

/** list → load (mapped over it) → ask */
function wide(dagId: string, taskIds = ["list", "load", "ask"]) {
  const spec = chainSpec(dagId, taskIds);
  spec.tasks.find(({ taskId }) => taskId === "load")!.each = [create(MapAxisSchema, { sources })];
  return spec;
}

let api: TestApi;
let owner: FakeOwner;
let held: Awaited<ReturnType<typeof openTestSession>>;
let dagId: string;
let own: TestRun;
let serial = 0;
beforeAll(async () => {
  api = await startTestApi();
  owner = startFakeOwner(api);
  held = await openTestSession(api);
});
afterAll(async () => {
  owner.stop();
  await api[Symbol.asyncDispose]();
});
beforeEach(async () => {
  dagId = `wide_${++serial}`;
  await register(wide(dagId));
  own = await beginRun(api, dagId);
  await hold(own);
});

async function register(...dags: ReturnType<typeof wide>[]): Promise<void> {
  const folder = `pulls_${serial}`;
  const answer = await api.http(DagService).registerDags({ requestId: requestId(), folder, dags });
  expect(answer.errors).toEqual([]);
}

/** The instance that asks runs, in this test's session. */
async function hold({ runKey }: TestRun): Promise<void> {
  const sessionKey = Number(held.key);
  await putInstance(api, { runKey, ix: ask }, { state: TaskState.running, sessionKey });
}

function attemptOf({ runKey }: TestRun, of: AttemptPart = "body", attempt = 1): string {
  return attemptIdOf({ shard: 1, runKey, ix: ask, mapIx: -1, attempt, of });
}

type Asked = Partial<Omit<PullXComsRequest, "$typeName" | "$unknown" | "session">>;

function pull(asked: Asked = {}, { worker, session } = held) {
  return worker.pullXComs({
    session,
    attemptId: attemptOf(own),
    taskIds: ["list"],
    key: "return_value",
    ...asked,
  });
}

/** By task and index, as text. */
async function pulled(asked: Asked): Promise<[string, number, string][]> {
  const { xcoms } = await pull(asked);
  return xcoms.map(({ taskId, mapIndex, value }) => [
    taskId,
    mapIndex,
    Buffer.from(value!.data).toString(),
  ]);
}

describe("from its own run", () => {
  beforeEach(async () => {
    const { runKey } = own;
    await putInstance(api, { runKey, ix: list }, { out: "[1,2,3]", xcoms: { rows: "7" } });
    for (const mapIx of [2, 0])
      await putInstance(api, { runKey, ix: load, mapIx }, { out: `"v${mapIx}"` });
    await putInstance(api, { runKey, ix: load, mapIx: 1 }, { xcoms: { rows: "null" } });
    const gone = { state: TaskState.removed, xcoms: { rows: "9" } };
    await putInstance(api, { runKey, ix: load, mapIx: 3 }, gone);
  });

  test("what tasks returned comes in the order asked for, then by index; nothing for what left nothing", async () => {
    expect(await pulled({ taskIds: ["load", "ask", "list"] })).toEqual([
      ["load", 0, '"v0"'],
      ["load", 2, '"v2"'],
      ["list", -1, "[1,2,3]"],
    ]);
  });

  test("which of the tasks are mapped is said, whatever they left", async () => {
    const { mappedTaskIds, xcoms } = await pull({ taskIds: ["load", "list"], key: "none" });
    expect([mappedTaskIds, xcoms]).toEqual([["load"], []]);
  });

  test("what they left under a key, a null too, but not what removed instances left", async () => {
    expect(await pulled({ taskIds: ["list", "load"], key: "rows" })).toEqual([
      ["list", -1, "7"],
      ["load", 1, "null"],
    ]);
  });

  test("of some indexes, -1 being that of a task that is not mapped", async () => {
    const taskIds = ["list", "load"];
    expect(await pulled({ taskIds, mapIndexes: [2, 1] })).toEqual([["load", 2, '"v2"']]);
    expect(await pulled({ taskIds, mapIndexes: [-1, 0] })).toEqual([
      ["list", -1, "[1,2,3]"],
      ["load", 0, '"v0"'],
    ]);
  });

  test("a task that the DAG does not have is an error that names it", async () => {
    const refusal = await refusalOf(pull({ taskIds: ["list", "lsit"] }));
    expect(refusal).toMatchObject({ reason: "TASK_NOT_FOUND", metadata: { task_id: "lsit" } });
    expect(refusal.message).toContain('has no task "lsit"');
  });
});

describe("from another run", () => {
  test("by its id, of any DAG", async () => {
    await register(wide(`${dagId}_b`));
    const other = await beginRun(api, `${dagId}_b`);
    await putInstance(api, { runKey: other.runKey, ix: list }, { out: '"theirs"' });
    const run = { case: "runId", value: other.runId } as const;
    expect(await pulled({ run })).toEqual([["list", -1, '"theirs"']]);
    expect(await pulled({ run, dagId: `${dagId}_b` })).toHaveLength(1);
    expect(await refusalOf(pull({ run, dagId }))).toMatchObject({
      reason: "FIELD_INVALID",
      message: expect.stringContaining(`is one of "${dagId}_b"`) as string,
    });
  });

  test.each(["run_zzzz", "nonsense"])("that does not exist is refused: %s", async (value) => {
    expect(await reasonOf(pull({ run: { case: "runId", value } }))).toBe("RUN_NOT_FOUND");
  });
});

describe("from prior dates", () => {
  const run = { case: "includePriorDates", value: true } as const;
  const day = (n: number) => new Date(Date.UTC(2026, 0, n));

  async function dated(n: number, left: { list?: string; load?: string } = {}): Promise<TestRun> {
    const one = await beginRun(api, dagId, day(n));
    const { runKey } = one;
    if (left.list) await putInstance(api, { runKey, ix: list }, { out: left.list });
    if (left.load) await putInstance(api, { runKey, ix: load, mapIx: 0 }, { out: left.load });
    return one;
  }

  async function pulledBy(asker: TestRun, asked: Asked = {}) {
    await hold(asker);
    return pulled({ run, attemptId: attemptOf(asker), ...asked });
  }

  test("each task's values are of the newest run in which it left any, and none of later ones", async () => {
    await dated(1, { list: '"1"', load: '"1"' });
    await dated(2, { load: '"2"' });
    await dated(4, { list: '"4"', load: '"4"' });
    const asker = await dated(3);
    expect(await pulledBy(asker, { taskIds: ["list", "load"] })).toEqual([
      ["list", -1, '"1"'],
      ["load", 0, '"2"'],
    ]);
  });

  test("its own run counts, and indexes are looked for by themselves", async () => {
    await dated(1, { load: '"1"' });
    const asker = await dated(2, { list: '"own"' });
    await putInstance(api, { runKey: asker.runKey, ix: load, mapIx: 5 }, { out: '"five"' });
    expect(await pulledBy(asker)).toEqual([["list", -1, '"own"']]);
    const of = { taskIds: ["load"], run, attemptId: attemptOf(asker) };
    expect(await pulled(of)).toEqual([["load", 5, '"five"']]);
    expect(await pulled({ ...of, mapIndexes: [0] })).toEqual([["load", 0, '"1"']]);
  });

  test("a run without a date looks into itself, then at dates up to when it was due", async () => {
    await dated(1, { list: '"1"' });
    expect(await pulled({ run })).toEqual([["list", -1, '"1"']]);
    await putInstance(api, { runKey: own.runKey, ix: list }, { out: '"own"' });
    expect(await pulled({ run })).toEqual([["list", -1, '"own"']]);
  });

  test("older versions of the DAG have their own numbers, and may lack the task", async () => {
    await dated(1, { list: '"1"' });
    await register(wide(dagId, ["first", "list", "load", "ask"]));
    const asker = await beginRun(api, dagId, day(2));
    const at = { runKey: asker.runKey, ix: 3 };
    await putInstance(api, at, { state: TaskState.running, sessionKey: Number(held.key) });
    const attemptId = attemptIdOf({ shard: 1, ...at, mapIx: -1, attempt: 1 });
    expect(await pulled({ run, attemptId })).toEqual([["list", -1, '"1"']]);
    expect(await pulled({ run, attemptId, taskIds: ["first"] })).toEqual([]);
    const unknown = pull({ run, attemptId, taskIds: ["second"] });
    expect(await reasonOf(unknown)).toBe("TASK_NOT_FOUND");
  });

  test("another DAG's runs are looked at by the same dates", async () => {
    await register(wide(`${dagId}_b`));
    const other = await beginRun(api, `${dagId}_b`, day(1));
    await putInstance(api, { runKey: other.runKey, ix: list }, { out: '"b"' });
    const asker = await dated(2, { list: '"a"' });
    expect(await pulledBy(asker, { dagId: `${dagId}_b` })).toEqual([["list", -1, '"b"']]);
  });
});

describe("only for an attempt that the session holds", () => {
  test("for an older one of the same worker too, but not for another worker's", async () => {
    const later = await openTestSession(api);
    expect((await pull({}, later)).xcoms).toEqual([]);
    const rename = (workerName: string) =>
      api.db.prisma.workerSession.update({
        where: { key: Number(held.key) },
        data: { workerName },
      });
    await rename("another");
    expect(await reasonOf(pull({}, later))).toBe("ATTEMPT_UNKNOWN");
    expect((await pull()).xcoms).toEqual([]);
    await rename("tester");
  });

  test.each([
    ["another attempt", () => attemptOf(own, "body", 2)],
    ["a run that does not exist", () => attemptOf({ runId: "", runKey: 2 ** 40 })],
    ["a watch of a task that does not wait", () => attemptOf(own, "watch")],
    ["no attempt id", () => "nonsense"],
  ])("not for %s", async (_, attemptId) => {
    expect(await reasonOf(pull({ attemptId: attemptId() }))).toBe("ATTEMPT_UNKNOWN");
  });

  test("not once it has ended", async () => {
    const where = { runId_ix_mapIx: { runId: BigInt(own.runKey), ix: ask, mapIx: -1 } };
    const data = { state: TaskState.success, endedAt: new Date() };
    await api.db.prisma.taskInstance.update({ where, data });
    expect(await reasonOf(pull())).toBe("ATTEMPT_UNKNOWN");
  });

  test("a callback may look at the run it is about", async () => {
    const attemptId = attemptOf(own, { event: 1, ordinal: 0 });
    expect((await pull({ attemptId })).xcoms).toEqual([]);
  });
});

describe("within its limits", () => {
  test.each<[string, Asked, string]>([
    ["no task", { taskIds: [] }, "task_ids"],
    ["too many tasks", { taskIds: Array.from({ length: 1001 }, (_, n) => `t${n}`) }, "task_ids"],
    ["a task twice", { taskIds: ["list", "list"] }, "task_ids"],
    ["no key", { key: "" }, "key"],
    ["a long key", { key: "k".repeat(513) }, "key"],
    ["an index below -1", { mapIndexes: [-2] }, "map_indexes"],
    ["a DAG without a run", { dagId: "other" }, "dag_id"],
  ])("%s is refused", async (_, asked, field) => {
    expect(await refusalOf(pull(asked))).toMatchObject({
      reason: "FIELD_INVALID",
      metadata: { field },
    });
  });

  test("more than 10,000 values, or 16 MiB, are refused with what to do", async () => {
    await api.db.pool.query(
      `INSERT INTO task_instance (run_id, ix, map_ix, state, attempt, session_key, started_at, ended_at, out)
       SELECT $1, 1, n, 6, 1, 1, now(), now(), '1' FROM generate_series(0, 10000) AS n`,
      [own.runKey],
    );
    const refusal = await refusalOf(pull({ taskIds: ["load"] }));
    expect(refusal.reason).toBe("VALUE_TOO_LARGE");
    expect(refusal.message).toMatch(/more than 10000 values\. Ask for some map indexes at a time/);
    expect(await pulled({ taskIds: ["load"], mapIndexes: [9_999] })).toHaveLength(1);
    await api.db.pool.query(
      `UPDATE task_instance SET out = convert_to(repeat('1', 262144), 'UTF8') WHERE run_id = $1 AND ix = 1 AND map_ix < 65`,
      [own.runKey],
    );
    const mapIndexes = Array.from({ length: 65 }, (_, n) => n);
    const tooLong = await refusalOf(pull({ taskIds: ["load"], mapIndexes }));
    expect(tooLong.message).toContain("17039360 bytes together, more than 16777216");
    expect(await pulled({ taskIds: ["load"], mapIndexes: mapIndexes.slice(1, 60) })).toHaveLength(
      59,
    );
  });
});
