import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import {
  DagRunSchema,
  FailureKind,
  RunState,
  TaskInstanceSchema,
  TaskState,
  WatchDagRunResponseSchema,
} from "@millrace/wire/v1";
import { backoffMaxMs, follow } from "./follow.ts";
import { applyWatch, newerOf, readRun } from "./run-live.ts";
import type { RunLive } from "./run-live.ts";
import { runSentence } from "./run-sentence.ts";
import { runFace } from "./states.ts";

function live(
  revision: bigint,
  tasks: Readonly<Record<string, TaskState>>,
  state: RunState = RunState.RUNNING,
): RunLive {
  const list = Object.entries(tasks).map(([taskId, state]) =>
    create(TaskInstanceSchema, { taskId, mapIndex: -1, state }),
  );
  return {
    run: create(DagRunSchema, { runId: "run_1", state, revision }),
    tasks: new Map(list.map((task) => [task.taskId, task])),
  };
}

function message(revision: bigint, tasks: Readonly<Record<string, TaskState>>) {
  const { run, tasks: map } = live(revision, tasks);
  return create(WatchDagRunResponseSchema, { run, taskInstances: [...map.values()] });
}

describe("applyWatch", () => {
  test("patches what changed and keeps the rest by identity", () => {
    const before = live(1n, { a: TaskState.RUNNING, b: TaskState.NONE });
    const after = applyWatch(before, [message(2n, { a: TaskState.SUCCESS })]);
    expect(after?.tasks.get("a")?.state).toBe(TaskState.SUCCESS);
    expect(after?.tasks.get("b")).toBe(before.tasks.get("b"));
  });

  test("of a mapped task only the summary is kept", () => {
    const before = live(1n, { a: TaskState.RUNNING });
    const instance = create(TaskInstanceSchema, {
      ...{ taskId: "a", mapIndex: 7, state: TaskState.FAILED },
    });
    const { run } = live(2n, {});
    const change = create(WatchDagRunResponseSchema, { run, taskInstances: [instance] });
    expect(applyWatch(before, [change])?.tasks.get("a")?.state).toBe(TaskState.RUNNING);
  });

  test("a message older than what is known changes nothing", () => {
    const before = live(5n, { a: TaskState.SUCCESS });
    const after = applyWatch(before, [message(3n, { a: TaskState.RUNNING })]);
    expect(after?.tasks.get("a")?.state).toBe(TaskState.SUCCESS);
    expect(newerOf(before, live(4n, {}))).toBe(before);
  });
});

test("readRun reads every page", async () => {
  const pages = [
    { taskInstances: [create(TaskInstanceSchema, { taskId: "a" })], nextPageToken: "2" },
    { taskInstances: [create(TaskInstanceSchema, { taskId: "b" })], nextPageToken: "" },
  ];
  const read = await readRun(
    {
      getDagRun: () => Promise.resolve({ run: create(DagRunSchema, { runId: "run_1" }) }),
      listTaskInstances: ({ pageToken }) =>
        Promise.resolve(pages[pageToken === "" ? 0 : 1] ?? pages[0]!),
    },
    "run_1",
    new AbortController().signal,
  );
  expect([...read.tasks.keys()]).toEqual(["a", "b"]);
});

describe("follow", () => {
  async function phasesOf(streams: readonly (() => AsyncIterable<string>)[], isDone = () => true) {
    const phases: (string | null)[] = [];
    const pauses: number[] = [];
    const messages: string[] = [];
    let opened = 0;
    await follow<string>({
      open: () => (streams[opened++] ?? ended)(),
      onMessage: (text) => messages.push(text),
      onPhase: (phase) => phases.push(phase),
      isDone,
      signal: new AbortController().signal,
      pause: (ms) => Promise.resolve(void pauses.push(ms)),
    });
    return { phases, pauses, messages };
  }
  async function* ended() {}
  async function* one() {
    yield "hello";
  }
  // eslint-disable-next-line require-yield -- a stream that breaks before its first message
  async function* broken(): AsyncGenerator<string> {
    throw new ConnectError("gone", Code.Unavailable);
  }
  async function* cut() {
    yield "half";
    throw new ConnectError("gone", Code.Unavailable);
  }

  test("a cut stream is opened again, and says so meanwhile", async () => {
    const { phases, messages } = await phasesOf([cut, one]);
    expect(messages).toEqual(["half", "hello"]);
    expect(phases).toEqual(["connecting", "open", "connecting", "open", null]);
  });

  test("after three failures in a row it is called refused, and the pauses double up to their limit", async () => {
    const { phases, pauses } = await phasesOf([...Array<typeof broken>(7).fill(broken), one]);
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, backoffMaxMs, backoffMaxMs]);
    expect(phases.slice(0, 4)).toEqual(["connecting", "connecting", "connecting", "refused"]);
  });

  test("a stream that ends too early is opened again", async () => {
    let asked = 0;
    const { messages } = await phasesOf([one, one], () => (asked += 1) === 2);
    expect(messages).toEqual(["hello", "hello"]);
  });

  test("an error that trying cannot mend ends it", async () => {
    // eslint-disable-next-line require-yield -- as above
    async function* missing(): AsyncGenerator<string> {
      throw new ConnectError("no such run", Code.NotFound);
    }
    const { pauses } = await phasesOf([missing, one]);
    expect(pauses).toEqual([]);
  });
});

describe("runSentence", () => {
  test("says what failed first, and why", () => {
    const failed = live(1n, { a: TaskState.SUCCESS, b: TaskState.FAILED }, RunState.FAILED);
    const task = failed.tasks.get("b");
    if (task !== undefined) {
      task.failure = {
        $typeName: "millrace.v1.Failure",
        kind: FailureKind.APPLICATION,
        type: "Error",
        message: "boom\nat x",
        stack: "",
        retryable: false,
      };
    }
    expect(runSentence(failed)).toBe("Task b failed: boom");
  });

  test("counts what runs and what waits", () => {
    const running = live(1n, {
      a: TaskState.RUNNING,
      b: TaskState.SCHEDULED,
      c: TaskState.UP_FOR_RETRY,
    });
    expect(runSentence(running)).toBe("1 task running, 1 ready and waiting, 1 up for retry.");
  });
});

test("a cancelled run is told from a failed one", () => {
  const run = create(DagRunSchema, {
    state: RunState.FAILED,
    failure: { kind: FailureKind.CANCELLED },
  });
  expect(runFace(run).look).toBe("cancelled");
  expect(runFace({ state: RunState.FAILED }).look).toBe("failed");
});
