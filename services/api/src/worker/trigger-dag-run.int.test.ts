/** Runs of other DAGs, as workers ask for them: semantics 9.5, and one run for each attempt. */

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { TaskState } from "@millrace/engine";
import { attemptIdOf, runIdOf, runKeyOf } from "@millrace/wire";
import { DagService, DependencyService } from "@millrace/wire/v1";
import {
  IfRunExists,
  IfRunMade,
  TriggerOutcome,
  type TriggerDagRunRequest,
} from "@millrace/wire/worker";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { chainSpec, requestId } from "../testing/dag-specs.ts";
import { refusalOf } from "../testing/errors.ts";
import { startFakeOwner, type FakeOwner } from "../testing/fake-owner.ts";
import { beginRun, putInstance, type TestInstance, type TestRun } from "../testing/instances.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";
import { openTestSession } from "../testing/test-worker.ts";

let api: TestApi;
let owner: FakeOwner;
let held: Awaited<ReturnType<typeof openTestSession>>;
let serial = 0;
let parent: string;
let child: string;
let own: TestRun;
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
  serial += 1;
  [parent, child] = [`parent_${serial}`, `child_${serial}`];
  const spec = chainSpec(parent, ["ask"]);
  spec.tasks[0]!.triggersDagIds = [child, "nowhere"];
  await register(spec, chainSpec(child, ["work"]));
  own = await beginRun(api, parent);
  await runs(1);
});

async function register(...dags: ReturnType<typeof chainSpec>[]): Promise<void> {
  const folder = `triggers_${serial}`;
  const answer = await api.http(DagService).registerDags({ requestId: requestId(), folder, dags });
  expect(answer.errors).toEqual([]);
}

/** The task runs its attempt so-and-so. */
async function runs(attempt: number, run = own): Promise<void> {
  const about = { state: TaskState.running, sessionKey: Number(held.key), attempt };
  await put(run, about);
}

async function put({ runKey }: TestRun, about: TestInstance): Promise<void> {
  await api.db.prisma.taskInstance.deleteMany({ where: { runId: BigInt(runKey) } });
  await putInstance(api, { runKey, ix: 0 }, about);
}

type Asked = Partial<Omit<TriggerDagRunRequest, "$typeName" | "$unknown" | "session">>;

function ask(attempt: number, asked: Asked = {}, run = own) {
  const attemptId = attemptIdOf({
    shard: 1,
    runKey: run.runKey,
    ix: 0,
    mapIx: -1,
    attempt,
    of: "body",
  });
  const { worker, session } = held;
  return worker.triggerDagRun({
    session,
    attemptId,
    dagId: child,
    requestId: requestId(),
    ...asked,
  });
}

const { MADE, CONTINUED, EXISTS, USED, CLEARED } = TriggerOutcome;

describe("one run", () => {
  test("for an attempt, however often it asks, also at the same time", async () => {
    const answers = await Promise.all([ask(1), ask(1), ask(1)]);
    const again = await ask(1);
    const ids = new Set([...answers, again].map(({ runId }) => runId));
    expect(ids.size).toBe(1);
    expect(again.outcome).toBe(MADE);
  });

  test("for a task instance: the next attempt goes on with it, another one is made where that is asked for", async () => {
    const first = await ask(1);
    await runs(2);
    expect(await ask(2)).toMatchObject({ runId: first.runId, outcome: CONTINUED });
    const other = await ask(2, { ifMade: IfRunMade.ANOTHER });
    expect(other.outcome).toBe(MADE);
    expect(other.runId).not.toBe(first.runId);
    expect(await ask(2, { ifMade: IfRunMade.ANOTHER })).toMatchObject({ runId: other.runId });
  });

  test("until the task is cleared", async () => {
    const first = await ask(1);
    await api.db.pool.query("UPDATE run_trigger SET is_current = false WHERE parent_run_id = $1", [
      own.runKey,
    ]);
    await runs(2);
    const second = await ask(2);
    expect(second.outcome).toBe(MADE);
    expect(second.runId).not.toBe(first.runId);
  });

  test("an attempt that was overtaken, cleared or never was makes none", async () => {
    await ask(1);
    await runs(2);
    await ask(2, { ifMade: IfRunMade.ANOTHER });
    await runs(1);
    expect(await refusalOf(ask(1))).toMatchObject({ reason: "ATTEMPT_UNKNOWN" });
    await put(own, { state: TaskState.restarting, sessionKey: Number(held.key), attempt: 3 });
    expect(await refusalOf(ask(3))).toMatchObject({ reason: "ATTEMPT_UNKNOWN" });
    expect(await refusalOf(ask(7))).toMatchObject({ reason: "ATTEMPT_UNKNOWN" });
  });
});

test("a run that failed is cleared by the attempt that goes on with it, once", async () => {
  const { runId } = await ask(1);
  await api.db.pool.query(
    "UPDATE run SET state = 4, started_at = now(), ended_at = now() WHERE id = $1",
    [runKeyOf(runId)],
  );
  await runs(2);
  const clears = async (): Promise<string[]> => {
    const before = owner.commands.waiting.length;
    expect(await ask(2)).toMatchObject({ runId, outcome: CONTINUED });
    const sent = owner.commands.waiting.slice(before);
    return sent.filter((one) => one.command.case === "clearInstances").map((one) => one.requestId);
  };
  const first = await clears();
  expect(first.length).toBeGreaterThan(0);
  // The owner has one answer for each of them.
  expect(await clears()).toEqual(first);
});

describe("a run with the date that is asked for", () => {
  const logicalDate = timestampFromMs(Date.UTC(2026, 0, 1));

  test.each([
    [IfRunExists.FAIL, EXISTS],
    [IfRunExists.USE, USED],
    [IfRunExists.CLEAR, CLEARED],
  ])("with if_exists %s the answer is %s", async (ifExists, outcome) => {
    const first = await ask(1, { logicalDate });
    const other = await beginRun(api, parent);
    await runs(1, other);
    const answer = await ask(1, { logicalDate, ifExists }, other);
    expect(answer).toMatchObject({ outcome, runId: first.runId });
    // What it took is its own from then on.
    const again = outcome === EXISTS ? EXISTS : MADE;
    expect(await ask(1, { logicalDate, ifExists }, other)).toMatchObject({ outcome: again });
  });
});

test("runs that trigger one another end at the depth that is asked for, and are linked", async () => {
  const first = await ask(1);
  const links = await api.http(DependencyService).listRunLinks({ runId: runIdOf(own.runKey) });
  expect(links.children).toMatchObject([
    { runId: first.runId, dagId: child, taskId: "ask", depth: 1 },
  ]);
  const up = await api.http(DependencyService).listRunLinks({ runId: first.runId });
  expect(up.parents).toMatchObject([{ runId: runIdOf(own.runKey), dagId: parent, depth: 1 }]);
  await api.db.pool.query("UPDATE run_trigger SET depth = 9 WHERE parent_run_id = $1", [
    own.runKey,
  ]);
  await api.db.pool.query(
    "UPDATE run_trigger SET child_run_id = $1, dag_id = 'x' WHERE parent_run_id = $1",
    [own.runKey],
  );
  const refusal = await refusalOf(ask(1, { maxDepth: 9 }));
  expect(refusal.reason).toBe("TRIGGER_TOO_DEEP");
  expect(refusal.message).toContain("deeper than maxDepth 9 allows");
});

test.each<[string, Asked, string, string]>([
  ["no DAG", { dagId: "" }, "FIELD_INVALID", "dag_id is empty"],
  [
    "a DAG that the task does not name",
    { dagId: "other" },
    "TRIGGER_NOT_DECLARED",
    'wants to trigger "other"',
  ],
  ["a DAG that does not exist", { dagId: "nowhere" }, "DAG_NOT_FOUND", "nowhere"],
  [
    "too great a depth",
    { maxDepth: 101 },
    "FIELD_INVALID",
    "max_depth is 101; write 0 for 10, or 1 to 100",
  ],
  ["a negative depth", { maxDepth: -1 }, "FIELD_INVALID", "max_depth is -1"],
  [
    "an unknown answer to a run that exists",
    { ifExists: 9 as IfRunExists },
    "FIELD_INVALID",
    "if_exists is 9; write FAIL, CLEAR or USE",
  ],
  [
    "an unknown answer to a run that was made",
    { ifMade: 9 as IfRunMade },
    "FIELD_INVALID",
    "if_made is 9; write CONTINUE or ANOTHER",
  ],
  ["a long note", { note: "x".repeat(1001) }, "FIELD_INVALID", "note has 1001 characters"],
  [
    "a date before the year 1",
    { logicalDate: timestampFromMs(-1e14) },
    "FIELD_INVALID",
    "logical_date is not within",
  ],
  ["no request id", { requestId: "" }, "REQUEST_ID_MISSING", ""],
])("%s is refused", async (_, asked, reason, message) => {
  const refusal = await refusalOf(ask(1, asked));
  expect(refusal.reason).toBe(reason);
  expect(refusal.message).toContain(message);
});

describe("dependencies", () => {
  test("are those of the newest versions, in pages, and of one DAG with what is around it", async () => {
    const { dependencies } = await api
      .http(DependencyService)
      .listDagDependencies({ dagId: parent });
    expect(dependencies.map(({ from, to }) => [from?.id, to?.id, to?.exists])).toEqual([
      [parent, child, true],
      [parent, "nowhere", false],
    ]);
    const first = await api
      .http(DependencyService)
      .listDagDependencies({ dagId: parent, pageSize: 1 });
    const pageToken = first.nextPageToken;
    const second = await api
      .http(DependencyService)
      .listDagDependencies({ dagId: parent, pageSize: 1, pageToken });
    expect([first, second].flatMap((page) => page.dependencies)).toEqual(dependencies);
    expect(second.nextPageToken).toBe("");

    await register(chainSpec(parent, ["ask", "more"]), chainSpec(child, ["work"]));
    const after = await api.http(DependencyService).listDagDependencies({ dagId: parent });
    expect(after.dependencies).toEqual([]);
  });

  test.each([
    [{ dagId: "nope" }, "DAG_NOT_FOUND"],
    [{ dagId: "x", levels: 21 }, "FIELD_INVALID"],
    [{ pageSize: -1 }, "FIELD_INVALID"],
    [{ pageToken: "x" }, "PAGE_TOKEN_INVALID"],
  ])("%j is refused as %s", async (asked, reason) => {
    const refused = api.http(DependencyService).listDagDependencies(asked);
    expect(await refusalOf(refused)).toMatchObject({ reason });
  });
});
