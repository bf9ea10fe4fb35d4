/** Retries and time limits on virtual time. */
import { context, dag, FailTask, RetryTask, task } from "@millrace/sdk";
import type { TaskOptions } from "@millrace/sdk";
import { describe, expect, test } from "vitest";
import { after, fail, ok, startDag } from "./index.ts";
import type { Outcomes } from "./index.ts";

function flaky(options: TaskOptions, outcome: Outcomes[string]) {
  const work = task({ id: "work", ...options }, () => undefined);
  return startDag(
    dag("flaky", {}, () => void work()),
    { now: "2026-01-01T00:00Z", outcomes: { work: outcome } },
  );
}

describe("a task that fails", () => {
  test("is tried again after its delay", async () => {
    const run = flaky({ retries: 2, retryDelay: "10m" }, [fail("boom"), ok(1)]);
    await run.advance("9m");
    expect(run.task("work")).toMatchObject({
      state: "up_for_retry",
      attempts: 1,
      failure: { message: "boom", type: "Error" },
    });
    expect(run.task("work").explain).toMatchObject([
      { kind: "retry_wait", until: Date.parse("2026-01-01T00:10Z") },
    ]);
    await run.advance("1m");
    expect(run.task("work")).toMatchObject({ state: "success", attempts: 2, failure: null });
  });

  test("waits twice as long each time with back-off, and no longer than it may", async () => {
    const times: number[] = [];
    const run = flaky(
      { retries: 5, retryDelay: "1m", retryBackoff: 2, maxRetryDelay: "5m" },
      () => {
        times.push(run.now.getTime());
        return fail();
      },
    );
    await run.finish();
    const waits = times.slice(1).map((time, at) => (time - times[at]!) / 60_000);
    expect(waits).toHaveLength(5);
    for (const [at, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(Math.min(5, 2 ** at));
      expect(wait).toBeLessThanOrEqual(Math.min(5, 2 ** (at + 1)));
    }
  });

  test("may say itself when, or that no retry can help", async () => {
    const later = flaky({ retries: 1 }, [fail(new RetryTask({ after: "3h" })), ok()]);
    await later.finish();
    expect(later.now).toEqual(new Date("2026-01-01T03:00Z"));
    const never = flaky({ retries: 9 }, fail(new FailTask("hopeless")));
    await never.finish();
    expect(never.task("work").attempts).toBe(1);
  });

  test.each<[string, ReturnType<NonNullable<TaskOptions["retryPolicy"]>>, number, string]>([
    ["fails at once", "fail", 1, "00:00"],
    ["retries after its delay", "retry", 3, "00:10"],
    ["retries after a delay of its own", { after: "1h" }, 3, "02:00"],
    ["has no opinion", undefined, 3, "00:10"],
  ])("with a retry policy that %s", async (_, decision, attempts, end) => {
    const asked: unknown[] = [];
    const retryPolicy = (error: unknown, tryNumber: number) => {
      asked.push([(error as Error).message, tryNumber]);
      return decision;
    };
    const run = flaky({ retries: 2, retryDelay: "5m", retryPolicy }, fail("boom"));
    await run.finish();
    expect(run.task("work").attempts).toBe(attempts);
    expect(run.now).toEqual(new Date(`2026-01-01T${end}Z`));
    expect(asked).toEqual(Array.from({ length: attempts }, (_none, at) => ["boom", at + 1]));
  });
});

describe("an execution timeout", () => {
  test("counts virtual time where the test says how long it takes, and is a failure like any other", async () => {
    const run = flaky({ retries: 1, retryDelay: "1m", executionTimeout: "1h" }, [
      after("2h", ok()),
      after("59m", ok("done")),
    ]);
    await run.advance("1h");
    expect(run.task("work")).toMatchObject({ state: "up_for_retry", failure: { kind: "timeout" } });
    await run.finish();
    expect(run.task("work")).toMatchObject({ state: "success", attempts: 2, value: "done" });
    expect(run.now).toEqual(new Date("2026-01-01T02:00Z"));
  });

  test("aborts the body's signal", async () => {
    let why: unknown;
    const run = flaky({ executionTimeout: "1h" }, () => {
      const { signal } = context();
      signal.addEventListener("abort", () => (why = signal.reason as unknown));
      return after("2h", ok());
    });
    await run.finish();
    expect(run.task("work").state).toBe("failed");
    expect(why).toMatchObject({ name: "TaskStopped", why: "timeout" });
  });
});

test("a dagrun timeout ends the run in its middle: what is not over is skipped", async () => {
  const work = task({ id: "work" }, () => undefined);
  const definition = dag("slow", { dagrunTimeout: "30m" }, () => void work());
  const run = startDag(definition, { outcomes: { work: after("1h", ok()) } });
  await run.advance("29m");
  expect(run.state).toBe("running");
  await run.advance("1m");
  expect(run).toMatchObject({ state: "failed", failure: { type: "DagrunTimeout" } });
  expect(run.task("work").state).toBe("skipped");
});
