/** Callbacks in memory: which ones are due (semantics 12.1-12.2), and that `runDag` runs them. */
import {
  context,
  dag,
  defer,
  externalCallback,
  notifier,
  SkipTask,
  task,
  trigger,
  type CallbackEvent,
} from "@millrace/sdk";
import { describe, expect, test } from "vitest";
import { fail, lost, ok, runDag, skip, startDag } from "./index.ts";

const now = "2026-01-01T00:00Z";

/** A DAG whose callbacks tell what they were told. */
function tellTale(body: () => unknown) {
  const told: CallbackEvent[] = [];
  const tell = (event: CallbackEvent): void => {
    told.push(event);
  };
  const callbacks = { onSuccess: tell, onFailure: tell };
  const work = task(
    { ...callbacks, onRetry: tell, onSkipped: tell, retries: 1, retryDelay: "1m" },
    function work() {
      return body();
    },
  );
  return { told, work: dag("tale", callbacks, () => void work()) };
}

/** "failure of work, try 2: delivered", or "failure of the run, ..." */
function listed(run: { callbacks: Awaited<ReturnType<typeof runDag>>["callbacks"] }): string[] {
  return run.callbacks.map(
    ({ on, taskId, tryNumber, state }) =>
      `${on} of ${taskId ?? "the run"}, try ${tryNumber}: ${state}`,
  );
}

describe("runDag", () => {
  test("runs the callbacks of tasks and of the run, in the order of what happened", async () => {
    const { told, work } = tellTale(() => {
      throw new Error("boom");
    });
    const done = await runDag(work, { now });
    expect(listed(done)).toEqual([
      "retry of work, try 1: delivered",
      "failure of work, try 2: delivered",
      "failure of the run, try 1: delivered",
    ]);
    expect(told).toMatchObject([
      {
        event: "retry",
        task: { id: "work", mapIndex: null },
        tryNumber: 1,
        failure: { message: "boom" },
        runState: "running",
        happenedAt: new Date(now),
        deliveryTry: 1,
      },
      { event: "failure", tryNumber: 2, happenedAt: new Date("2026-01-01T00:01Z") },
      {
        event: "failure",
        task: null,
        tryNumber: null,
        runState: "failed",
        failure: { message: "Task work failed." },
        run: { dagId: "tale" },
      },
    ]);
  });

  test("tells of a success, and of a skip that the body chose", async () => {
    expect(listed(await runDag(tellTale(() => 1).work, { now }))).toEqual([
      "success of work, try 1: delivered",
      "success of the run, try 1: delivered",
    ]);
    const skipped = tellTale(() => {
      throw new SkipTask("nothing to do");
    });
    expect(listed(await runDag(skipped.work, { now }))).toEqual([
      "skipped of work, try 1: delivered",
      "success of the run, try 1: delivered",
    ]);
  });

  test("waits for what a callback does, which has a context of its own", async () => {
    const lines: string[] = [];
    const quiet = task(
      {
        onSuccess: async ({ task: about }) => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          context().log.info(`told of ${about?.id}`);
        },
      },
      function quiet() {},
    );
    await runDag(
      dag("d", {}, () => void quiet()),
      { onLog: ({ message }) => lines.push(message) },
    );
    expect(lines).toEqual(["told of quiet"]);
  });

  test("tries a callback again that failed, later each time, and changes no state for it", async () => {
    let calls = 0;
    const page = notifier("page", { team: "data" }, (_event, { team }) => {
      calls += 1;
      throw new Error(`cannot reach ${team}, ${calls}`);
    });
    const work = task({ onSuccess: page }, function work() {});
    const run = startDag(
      dag("d", {}, () => void work()),
      { now, runCallbacks: true },
    );
    await run.finish();
    expect(run.state).toBe("success");
    expect(calls).toBe(5);
    expect(run.callbacks).toMatchObject([
      { name: "page", state: "failed", tries: 5, failure: { message: "cannot reach data, 5" } },
    ]);
    // 30 s, 1 min, 2 min, 4 min.
    expect(run.now).toEqual(new Date("2026-01-01T00:07:30Z"));
  });

  test("runs external ones by their stand-ins, and leaves the others pending", async () => {
    const page = externalCallback({ handler: "page_oncall", config: { team: "data" } });
    const work = task({ onSuccess: page }, function work() {});
    const one = dag("d", {}, () => void work());
    const told: unknown[] = [];
    const handlers = {
      page_oncall: ({ event }: CallbackEvent, config: unknown) => void told.push([event, config]),
    };
    expect((await runDag(one, { handlers })).callbacks).toMatchObject([{ state: "delivered" }]);
    expect(told).toEqual([["success", { team: "data" }]]);
    expect((await runDag(one)).callbacks).toMatchObject([{ state: "pending", tries: 0 }]);
  });
});

describe("startDag", () => {
  test("notes what would be delivered, and runs none of it", async () => {
    const { told, work } = tellTale(() => 1);
    const run = startDag(work, { now, outcomes: { work: [fail("boom"), skip()] } });
    await run.advance("0s");
    expect(listed(run)).toEqual(["retry of work, try 1: pending"]);
    await run.finish();
    expect(listed(run)).toEqual([
      "retry of work, try 1: pending",
      "skipped of work, try 2: pending",
      "success of the run, try 1: pending",
    ]);
    expect(told).toEqual([]);
  });

  test("counts the ends of a run, and notes nothing that a person did", async () => {
    const run = startDag(tellTale(() => 1).work, { now });
    await run.finish();
    run.clear();
    await run.finish();
    expect(listed(run).filter((line) => line.includes("the run"))).toEqual([
      "success of the run, try 1: pending",
      "success of the run, try 2: pending",
    ]);
    const marked = startDag(tellTale(() => 1).work, { now });
    marked.mark("failed");
    expect(marked.callbacks).toEqual([]);
    const cancelled = startDag(tellTale(() => 1).work, { now });
    cancelled.cancel();
    expect(cancelled.callbacks).toEqual([]);
  });

  test("of a wait notes what becomes of it", async () => {
    const { work } = tellTale(() => defer(trigger.token(), { timeout: "1h", onTimeout: "skip" }));
    const run = startDag(work, { now });
    await run.finish();
    expect(listed(run)).toEqual([
      "skipped of work, try 1: pending",
      "success of the run, try 1: pending",
    ]);
  });
});

describe("a lost worker", () => {
  test("spends no retry, and another one gets the task at once", async () => {
    const run = startDag(tellTale(() => 1).work, { now, outcomes: { work: [lost(), ok(5)] } });
    await run.finish();
    expect(run.task("work")).toMatchObject({ state: "success", attempts: 2, value: 5 });
    expect(run.now).toEqual(new Date(now));
    expect(listed(run)).toEqual([
      "success of work, try 2: pending",
      "success of the run, try 1: pending",
    ]);
  });

  test("makes the task wait after the second time, and quarantines it after the third", async () => {
    const run = startDag(tellTale(() => 1).work, { now, outcomes: { work: lost() } });
    await run.advance("0s");
    expect(run.task("work")).toMatchObject({ state: "up_for_retry", attempts: 2 });
    await run.finish();
    expect(run.now).toEqual(new Date("2026-01-01T00:01Z"));
    expect(run.task("work")).toMatchObject({
      state: "failed",
      attempts: 3,
      failure: { kind: "lost", type: "Quarantined" },
    });
    expect(listed(run)).toEqual([
      "failure of work, try 3: pending",
      "failure of the run, try 1: pending",
    ]);
  });

  test("loses what the body left, but not what it was to go on with", async () => {
    const waits = task({ resume: (event: number) => event * 2 }, function waits() {
      context().xcom.push("before", 1);
      return defer(trigger.token<number>());
    });
    const run = startDag(
      dag("d", {}, () => void waits()),
      {
        outcomes: { waits: [ok(defer(trigger.token<number>())), lost()] },
        events: { waits: ok(21) },
      },
    );
    await run.finish();
    expect(run.task("waits")).toMatchObject({ state: "success", attempts: 3, value: 42 });
    const played = startDag(
      dag("d", {}, () => void waits()),
      {
        outcomes: {
          waits: [ok(defer(trigger.token<number>())), lost(), (event: number) => ok(event)],
        },
        events: { waits: ok(21) },
      },
    );
    await played.finish();
    expect(played.task("waits")).toMatchObject({ state: "success", attempts: 3, value: 21 });
  });
});
