/** Clear and mark: which owners are asked what, and what is told of it. What owners do is the scheduler's to test. */

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { OwnerCommand } from "@millrace/wire/internal";
import { runIdOf, runKeyOf } from "@millrace/wire";
import {
  DagRunService,
  DagService,
  ExternalRefSchema,
  RunState,
  TaskInstanceService,
  TaskState,
} from "@millrace/wire/v1";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { chainSpec, requestId } from "../testing/dag-specs.ts";
import { reasonOf, refusalOf } from "../testing/errors.ts";
import { startFakeOwner, type FakeOwner } from "../testing/fake-owner.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";

const day = 86_400_000;

let api: TestApi;
let owner: FakeOwner;
let dagId: string;
let serial = 0;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(async () => {
  owner = startFakeOwner(api, `owner-${serial}`);
  dagId = `etl_${serial++}`;
  await api.grpc(DagService).registerDags({
    requestId: requestId(),
    folder: dagId,
    dags: [chainSpec(dagId, ["extract", "load"])],
  });
  return () => owner.stop();
});

/** A run about a day; null for none. */
async function runOf(ofDay: number | null): Promise<string> {
  const logicalDate = ofDay === null ? {} : { logicalDate: timestampFromMs(ofDay * day) };
  const { run } = await api
    .http(DagRunService)
    .triggerDagRun({ requestId: requestId(), dagId, ...logicalDate });
  return run!.runId;
}

const tasks = () => api.http(TaskInstanceService);
const load = { instances: [{ taskId: "load" }] };

type Change = Extract<OwnerCommand["command"], { case: "clearInstances" | "markInstances" }>;

/** What owners were asked to change, in the order of the runs. */
function changesAsked(): { runId: string; case: Change["case"]; value: Change["value"] }[] {
  return owner.commands.waiting
    .map(({ command }) => command)
    .filter(
      (command): command is Change =>
        command.case === "clearInstances" || command.case === "markInstances",
    )
    .map((command) => ({ ...command, runId: runIdOf(Number(command.value.runKey)) }));
}

test("the owner gets the selection as it is, and its answer is the caller's", async () => {
  const runId = await runOf(null);
  const selection = {
    instances: [{ taskId: "extract" }, { taskId: "load", mapIndex: 3 }],
    downstream: true,
    states: [TaskState.FAILED],
  };
  const answer = await tasks().clearTaskInstances({ requestId: requestId(), runId, selection });
  expect(answer).toMatchObject({
    affected: [
      { runId, taskId: "extract", mapIndex: -1, state: TaskState.FAILED },
      { runId, taskId: "load", mapIndex: 3 },
    ],
    affectedCount: 2,
  });
  expect(changesAsked()).toMatchObject([
    { runId, case: "clearInstances", value: { selection, dryRun: false } },
  ]);
  const state = TaskState.SKIPPED;
  await tasks().markTaskInstances({ requestId: requestId(), runId, selection: load, state });
  expect(changesAsked()[1]).toMatchObject({ case: "markInstances", value: { state } });
});

test("a dry run asks owners for a dry run, needs no request id and leaves none behind", async () => {
  const runId = await runOf(null);
  const before = await api.db.prisma.request.count();
  const answer = await tasks().clearTaskInstances({ runId, selection: load, dryRun: true });
  expect(answer.affectedCount).toBe(1);
  expect(changesAsked()).toMatchObject([{ value: { dryRun: true } }]);
  expect(await api.db.prisma.request.count()).toBe(before);
});

test("a clear goes on from tasks that mark others, named in the answer or not: one question for each run they mark", async () => {
  const report = `report_${dagId}`;
  const marks = [["load"], ["extract", "load"]].map((taskIds) =>
    create(ExternalRefSchema, { dagId: report, taskIds }),
  );
  const [extract, load] = chainSpec(dagId, ["extract", "load"]).tasks;
  const mark = { ...load!, taskId: "mark", marks };
  const tasksOf = { ...chainSpec(dagId, ["extract"]), tasks: [extract!, mark] };
  const dags = [tasksOf, chainSpec(report, ["extract", "load"])];
  await api.grpc(DagService).registerDags({ requestId: requestId(), folder: dagId, dags });
  const logicalDate = timestampFromMs(day);
  const [runId = "", marked = ""] = await Promise.all(
    [dagId, report].map(async (of) => {
      const asked = { requestId: requestId(), dagId: of, logicalDate };
      return (await api.http(DagRunService).triggerDagRun(asked)).run!.runId;
    }),
  );
  const usual = owner.onCommand;
  owner.onCommand = (command) =>
    isAbout(command, runId)
      ? Promise.resolve({
          case: "instancesChanged",
          value: { affected: [], affectedCount: 5_000, markingTaskIds: ["mark"] },
        })
      : usual(command);
  const selection = { instances: [{ taskId: "extract" }], downstream: true };
  const answer = await tasks().clearTaskInstances({ requestId: requestId(), runId, selection });
  expect(answer.affectedCount).toBe(5_002);
  expect(changesAsked()).toMatchObject([
    { runId },
    {
      runId: marked,
      value: {
        selection: { instances: [{ taskId: "load" }, { taskId: "extract" }], downstream: true },
      },
    },
  ]);
});

test("past and future go over the runs of the DAG by logical date; the named run comes first", async () => {
  const [third, first, second] = [await runOf(3), await runOf(1), await runOf(2)];
  await runOf(null);
  const runsOf = async (more: object) => {
    const { affected } = await tasks().clearTaskInstances({
      ...{ requestId: requestId(), runId: second, selection: load },
      ...more,
    });
    return affected.map(({ runId }) => runId);
  };
  expect(await runsOf({})).toEqual([second]);
  expect(await runsOf({ past: true })).toEqual([second, first]);
  expect(await runsOf({ future: true })).toEqual([second, third]);
  expect(await runsOf({ past: true, future: true })).toEqual([second, first, third]);
  expect(await runsOf({ past: true, future: true, dryRun: true })).toHaveLength(3);
});

test("each run is asked under an id of its own, and a call cut short goes on where it was", async () => {
  const [first, second] = [await runOf(1), await runOf(2)];
  const request = { requestId: requestId(), runId: first, selection: load, future: true };
  const usual = owner.onCommand;
  owner.onCommand = (command) => {
    if (isAbout(command, second)) throw new Error("the owner is gone");
    return usual(command);
  };
  expect(await reasonOf(tasks().clearTaskInstances(request))).toBe("NOT_OWNER");
  owner.onCommand = usual;
  expect((await tasks().clearTaskInstances(request)).affectedCount).toBe(2);
  // The run that was changed by the first call has its answer of then.
  const runs = await api.db.prisma.run.findMany({ where: { dagId }, orderBy: { id: "asc" } });
  expect(runs.map(({ revision }) => revision)).toEqual([1n, 1n]);
});

test("other runs that lack a task, or are gone, are changed as far as they can be", async () => {
  const [first, second, third] = [await runOf(1), await runOf(2), await runOf(3)];
  const usual = owner.onCommand;
  owner.onCommand = async (command) => {
    const asked = command.command;
    if (isAbout(command, third)) return refused("RUN_NOT_FOUND");
    if (isAbout(command, second) && asked.case === "clearInstances") {
      const gone = asked.value.selection!.instances.find(({ taskId }) => taskId === "extract");
      if (gone) return refused("TASK_NOT_FOUND", { task_id: "extract", map_index: "-1" });
    }
    return usual(command);
  };
  const selection = { instances: [{ taskId: "extract" }, { taskId: "load" }] };
  const all = { runId: first, future: true };
  const answer = await tasks().clearTaskInstances({ requestId: requestId(), selection, ...all });
  expect(answer.affected.map(({ runId, taskId }) => [runId, taskId])).toEqual([
    [first, "extract"],
    [first, "load"],
    [second, "load"],
  ]);
  const onlyGone = { instances: [{ taskId: "extract" }] };
  const some = { requestId: requestId(), selection: onlyGone, ...all };
  // Nothing left to name is nothing, not everything.
  expect((await tasks().clearTaskInstances(some)).affectedCount).toBe(1);
});

test("the named run is refused for what it lacks, and the id stays free", async () => {
  const runId = await runOf(1);
  owner.onCommand = () =>
    Promise.resolve(refused("TASK_NOT_FOUND", { task_id: "load", map_index: "-1" }));
  const call = tasks().clearTaskInstances({ requestId: requestId(), runId, selection: load });
  expect(await reasonOf(call)).toBe("TASK_NOT_FOUND");
});

test("what cannot be is refused by field before anybody is asked", async () => {
  const dateless = await runOf(null);
  const clear = (more: object) =>
    refusalOf(tasks().clearTaskInstances({ requestId: requestId(), runId: dateless, ...more }));
  const mark = (more: object) =>
    refusalOf(tasks().markTaskInstances({ requestId: requestId(), runId: dateless, ...more }));
  const invalid = (field: string) => ({ reason: "FIELD_INVALID", metadata: { field } });
  expect(await clear({ past: true })).toMatchObject({
    ...invalid("past"),
    message: expect.stringContaining("has no logical date") as string,
  });
  expect(await clear({ future: true })).toMatchObject(invalid("future"));
  expect(await clear({ runId: "" })).toMatchObject(invalid("run_id"));
  expect(await clear({ runId: "run_zzzz" })).toMatchObject({ reason: "RUN_NOT_FOUND" });
  const many = Array.from({ length: 1_001 }, () => ({ taskId: "load" }));
  expect(await clear({ selection: { instances: many } })).toMatchObject(
    invalid("selection.instances"),
  );
  expect(await clear({ selection: { states: [99] } })).toMatchObject(invalid("selection.states"));
  expect(await clear({ selection: { instances: [{ taskId: "" }] } })).toMatchObject(
    invalid("selection.instances.task_id"),
  );
  expect(await mark({ state: TaskState.RUNNING })).toMatchObject(invalid("state"));
  expect(await mark({})).toMatchObject(invalid("state"));
  expect(changesAsked()).toEqual([]);
});

test("a run is marked by its owner, who says before what would change, without a request id", async () => {
  const runId = await runOf(null);
  const runs = api.grpc(DagRunService);
  const asked = { runId, state: RunState.FAILED };
  const change = { state: TaskState.RUNNING, nextState: TaskState.FAILED };
  const changed = {
    affected: [{ runId, taskId: "load", mapIndex: -1, ...change }],
    affectedCount: 1,
    counts: [{ ...change, count: 1 }],
  };
  const before = await runs.markDagRun({ ...asked, dryRun: true });
  expect(before).toMatchObject({ run: { runId, state: RunState.QUEUED }, ...changed });
  const after = await runs.markDagRun({ requestId: requestId(), ...asked });
  expect(after).toMatchObject({ run: { runId, state: RunState.FAILED }, ...changed });
  const refusal = await refusalOf(
    runs.markDagRun({ requestId: requestId(), runId, state: RunState.RUNNING }),
  );
  expect(refusal).toMatchObject({ reason: "FIELD_INVALID", metadata: { field: "state" } });
});

function isAbout({ command }: OwnerCommand, runId: string): boolean {
  return (
    (command.case === "clearInstances" || command.case === "markInstances") &&
    Number(command.value.runKey) === runKeyOf(runId)
  );
}

function refused(reason: string, metadata: Record<string, string> = {}) {
  return { case: "refusal", value: { reason, message: "", metadata } } as const;
}
