/** Whatever a user gets wrong has a clear answer naming the thing and the limit, and the rest goes on. */
import { FailureKind, RunState, TaskState, type Failure } from "@millrace/wire/v1";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startUp, type Millrace } from "./millrace.ts";
import { waitFor } from "./wait.ts";

const bodies = fileURLToPath(new URL("./bad-bodies", import.meta.url));
const files = fileURLToPath(new URL("./bad-files", import.meta.url));

const dagCount = 8;
/** Time limits and their grace take their time: 2 s and 10 s for bodies, 10 s twice for a file. */
const testLimitMs = 120_000;

describe("bodies that misbehave", { timeout: testLimitMs }, () => {
  let millrace: Millrace;
  /** Runs of all of them at the same time, by DAG: each must fail alone. */
  let runs: Map<string, string>;

  beforeAll(async () => {
    millrace = await startUp({ dags: bodies });
    await millrace.api.dagsAre(dagCount);
    const ids = ["throws", "exits", "blocks", "hangs", "returns_too_much", "prints", "healthy"];
    runs = new Map(
      await Promise.all(ids.map(async (id) => [id, await millrace.api.trigger(id)] as const)),
    );
  });

  afterAll(() => millrace?.[Symbol.asyncDispose]());

  async function failureOf(dagId: string): Promise<Failure> {
    const runId = runs.get(dagId)!;
    expect((await millrace.api.end(runId)).state).toBe(RunState.FAILED);
    const { taskInstances } = await millrace.api.tasks.listTaskInstances({ runId });
    expect(taskInstances[0]!.state).toBe(TaskState.FAILED);
    expect((await millrace.api.run("healthy")).state).toBe(RunState.SUCCESS);
    return taskInstances[0]!.failure!;
  }

  test("a body with nothing wrong succeeds beside all the others", async () => {
    expect((await millrace.api.end(runs.get("healthy")!)).state).toBe(RunState.SUCCESS);
  });

  test("a body that throws fails its task with the error's class and message", async () => {
    const failure = await failureOf("throws");
    expect(failure).toMatchObject({ type: "TypeError", message: "the price is not a number" });
  });

  test("a body that exits the process fails its task alone", async () => {
    const failure = await failureOf("exits");
    expect(failure.kind).toBe(FailureKind.EXITED);
    expect(failure.message).toContain("3");
  });

  test("a body that blocks the event loop is stopped at its execution timeout", async () => {
    const failure = await failureOf("blocks");
    expect(failure.kind).toBe(FailureKind.TIMEOUT);
    expect(failure.message).toMatch(/2 ?s|2000 ?ms/);
  });

  test("a body that never returns is stopped at its execution timeout", async () => {
    const failure = await failureOf("hangs");
    expect(failure.kind).toBe(FailureKind.TIMEOUT);
  });

  test("a value over the limit fails the task, naming size and limit", async () => {
    const failure = await failureOf("returns_too_much");
    expect(failure.message).toMatch(/64 MiB|67,?108,?864/);
  });

  test("a body that prints 100,000 lines succeeds, and its log says what was left out, if anything", async () => {
    const run = await millrace.api.end(runs.get("prints")!);
    expect(run.state).toBe(RunState.SUCCESS);
    // A log that takes long to be stored does not hold up its run.
    const told = await waitFor("the whole log", async () => {
      const { stdout } = await millrace.cli("tasks", "logs", run.runId, "printing");
      const printed = stdout.split("\n").filter((line) => / line \d+$/.test(line)).length;
      const leftOut = Number(
        /([\d,]+) lines? left out/.exec(stdout)?.[1]?.replaceAll(",", "") ?? 0,
      );
      return printed + leftOut < 100_000 ? null : { stdout, lines: printed + leftOut };
    });
    expect(told.stdout).toContain("line 1\n");
    expect(told.lines).toBe(100_000);
  });

  test("a param that breaks its schema is refused, naming the field, the value and what is allowed", async () => {
    const wrong = await millrace.cli(
      "dags",
      "trigger",
      "typed_params",
      "--params",
      '{"region":"mars"}',
    );
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/region.*(eu|mars)/s);
    const surplus = await millrace.cli(
      "dags",
      "trigger",
      "typed_params",
      "--params",
      '{"regoin":"eu"}',
    );
    expect(surplus.code).toBe(2);
    expect(surplus.stderr).toContain("regoin");
  });

  test("params that are not JSON are a usage error of the command", async () => {
    const done = await millrace.cli("dags", "trigger", "typed_params", "--params", "{region:eu}");
    expect(done.code).toBe(2);
    expect(done.stderr).toMatch(/--params[^]*JSON/);
  });

  test("params over the limit are refused, naming size and limit", async () => {
    // A command line holds at most 128 KiB of them; a program's may be any size (bad-specs.int.test.ts).
    const params = JSON.stringify({ note: "x".repeat(100_000) });
    const done = await millrace.cli("dags", "trigger", "healthy", "--params", params);
    expect(done.code).toBe(2);
    expect(done.stderr).toMatch(/params has 100\d\d\d bytes; the limit is 65536/);
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
    const done = await millrace.cli("tasks", "explain", runs.get("healthy")!, "no_such_task");
    expect(done.code).toBe(3);
    expect(done.stderr).toContain("no_such_task");
  });

  test("the same request id makes one run only", async () => {
    const request = { requestId: "only-once", dagId: "healthy" };
    const trigger = () => millrace.api.runs.triggerDagRun(request);
    const [first, second] = await Promise.all([trigger(), trigger()]);
    expect(second.run!.runId).toBe(first.run!.runId);
  });
});

describe("files that misbehave", { timeout: testLimitMs }, () => {
  test("each broken file is an import error of its own, and the good one runs", async () => {
    await using millrace = await startUp({ dags: files });
    const { api } = millrace;
    const errors = await waitFor("six import errors", async () => {
      const now = await api.dags.listImportErrors({});
      return now.errors.length >= 6 ? now.errors : null;
    });
    expect((await api.dags.listDags({})).dags.map((it) => it.dagId)).toEqual(["good"]);
    const messageOf = (file: string) => errors.find((it) => it.file === file)?.message;
    expect(messageOf("syntax.ts")).toMatch(/syntax\.ts:\d+:\d+/);
    expect(messageOf("cycle.ts")).toMatch(/a → b → a|b → a → b/);
    expect(messageOf("cron.ts")).toContain("61 * * * *");
    expect(messageOf("endless.ts")).toMatch(/10,?000 ?ms|10 ?s/);
    expect(messageOf("first.ts") ?? messageOf("second.ts")).toContain("twice");
    expect((await api.run("good")).state).toBe(RunState.SUCCESS);
    const shown = await millrace.cli("dags", "list");
    for (const { file } of errors) expect(shown.stdout + shown.stderr).toContain(file);
  });
});
