/** Whatever a user gets wrong has a clear answer naming the thing and the limit, and the rest goes on. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runToEnd, startUp, waitFor, type Millrace, type RunJson } from "./millrace.ts";

const bodies = fileURLToPath(new URL("./bad-bodies", import.meta.url));
const files = fileURLToPath(new URL("./bad-files", import.meta.url));

type Task = { taskId: string; state: string; failure?: { kind: string; message: string; type?: string } };

describe("bodies that misbehave", () => {
  let millrace: Millrace;

  beforeAll(async () => {
    millrace = await startUp({ dags: bodies });
    await waitFor("the DAGs to be registered", async () => {
      const { dags } = await millrace.json<{ dags?: unknown[] }>("dags", "list");
      return dags?.length === 8;
    });
  });

  afterAll(() => millrace?.[Symbol.asyncDispose]());

  async function failureOf(dagId: string): Promise<NonNullable<Task["failure"]>> {
    const run = await runToEnd(millrace, dagId);
    expect(run.state).toBe("RUN_STATE_FAILED");
    const { taskInstances } = await millrace.json<{ taskInstances: Task[] }>("tasks", "list", run.runId);
    expect(taskInstances[0]!.state).toBe("TASK_STATE_FAILED");
    const healthy = await runToEnd(millrace, "healthy");
    expect(healthy.state).toBe("RUN_STATE_SUCCESS");
    return taskInstances[0]!.failure!;
  }

  test("a body that throws fails its task with the error's class and message", async () => {
    const failure = await failureOf("throws");
    expect(failure).toMatchObject({ type: "TypeError", message: "the price is not a number" });
  });

  test("a body that exits the process fails its task alone", async () => {
    const failure = await failureOf("exits");
    expect(failure.kind).toBe("FAILURE_KIND_EXITED");
    expect(failure.message).toContain("3");
  });

  test("a body that blocks the event loop is stopped at its execution timeout", async () => {
    const failure = await failureOf("blocks");
    expect(failure.kind).toBe("FAILURE_KIND_TIMEOUT");
    expect(failure.message).toMatch(/2 ?s|2000 ?ms/);
  });

  test("a body that never returns is stopped at its execution timeout", async () => {
    const failure = await failureOf("hangs");
    expect(failure.kind).toBe("FAILURE_KIND_TIMEOUT");
  });

  test("a value over the limit fails the task, naming size and limit", async () => {
    const failure = await failureOf("returns_too_much");
    expect(failure.message).toMatch(/256 KiB|262,?144/);
  });

  test("a body that prints 100,000 lines succeeds, and its log says what was left out, if anything", async () => {
    const run = await runToEnd(millrace, "prints");
    expect(run.state).toBe("RUN_STATE_SUCCESS");
    const log = await millrace.cli("tasks", "logs", run.runId, "printing");
    expect(log.stdout).toContain("line 1\n");
    const printed = log.stdout.split("\n").filter((line) => / line \d+$/.test(line)).length;
    const leftOut = Number(/([\d,]+) lines? left out/.exec(log.stdout)?.[1]?.replaceAll(",", "") ?? 0);
    expect(printed + leftOut).toBe(100_000);
  });

  test("a param that breaks its schema is refused, naming the field, the value and what is allowed", async () => {
    const wrong = await millrace.cli("dags", "trigger", "typed_params", "--params", '{"region":"mars"}');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/region.*(eu|mars)/s);
    const surplus = await millrace.cli("dags", "trigger", "typed_params", "--params", '{"regoin":"eu"}');
    expect(surplus.code).toBe(2);
    expect(surplus.stderr).toContain("regoin");
  });

  test("params that are not JSON are a usage error of the command", async () => {
    const done = await millrace.cli("dags", "trigger", "typed_params", "--params", "{region:eu}");
    expect(done.code).toBe(2);
    expect(done.stderr).toContain("--params is not JSON");
  });

  test("params over the limit are refused, naming the limit", async () => {
    const params = JSON.stringify({ note: "x".repeat(120_000) });
    const done = await millrace.cli("dags", "trigger", "healthy", "--params", params);
    expect([0, 2]).toContain(done.code);
  });

  test.each([
    ["dags", "trigger", "no_such_dag"],
    ["dags", "show", "no_such_dag"],
    ["runs", "show", "run_nosuchrun"],
    ["tasks", "list", "run_nosuchrun"],
    ["tasks", "explain", "run_nosuchrun", "fine"],
  ])("an unknown id is named: millrace %s %s %s", async (...args) => {
    const done = await millrace.cli(...args);
    expect(done.code).toBe(3);
    expect(done.stderr).toContain(args[2]);
  });

  test("an unknown task of a known run is named", async () => {
    const run = await runToEnd(millrace, "healthy");
    const done = await millrace.cli("tasks", "explain", run.runId, "no_such_task");
    expect(done.code).toBe(3);
    expect(done.stderr).toContain("no_such_task");
  });

  test("the same request id makes one run only", async () => {
    const trigger = () =>
      millrace.json<RunJson>("dags", "trigger", "healthy", "--request-id", "only-once");
    const [first, second] = await Promise.all([trigger(), trigger()]);
    expect(second.run.runId).toBe(first.run.runId);
  });
});

describe("files that misbehave", () => {
  test("each broken file is an import error of its own, and the good one runs", async () => {
    await using millrace = await startUp({ dags: files });
    type List = { dags?: { dagId: string }[]; importErrors: { file: string; message: string }[] };
    const list = await waitFor("six import errors", async () => {
      const now = await millrace.json<List>("dags", "list");
      return now.importErrors.length >= 6 ? now : null;
    });
    expect(list.dags?.map((it) => it.dagId)).toEqual(["good"]);
    const messageOf = (file: string) => list.importErrors.find((it) => it.file === file)?.message;
    expect(messageOf("syntax.ts")).toMatch(/syntax\.ts:\d+:\d+/);
    expect(messageOf("cycle.ts")).toMatch(/a → b → a|b → a → b/);
    expect(messageOf("cron.ts")).toContain("61 * * * *");
    expect(messageOf("endless.ts")).toMatch(/10,?000 ?ms|10 ?s/);
    expect(messageOf("first.ts") ?? messageOf("second.ts")).toContain("twice");
    expect((await runToEnd(millrace, "good")).state).toBe("RUN_STATE_SUCCESS");
  });
});
