/** Every command of the command line against one running Millrace, with --json and without. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { databaseUrlOf, startUp, type Millrace } from "./millrace.ts";
import { runCli } from "./process.ts";
import { waitFor } from "./wait.ts";

const dags = `
import { context, dag, FailTask, task } from "@millrace/sdk";

const greet = task({ retries: 1 }, function greet(name: string) {
  context().log.info("greeting", { name });
  return { hello: name };
});
const shout = task(function shout(words: { hello: string }) {
  console.log(words.hello.toUpperCase());
  context().xcom.push("letters", words.hello.length);
  context().xcom.push("many", "a".repeat(300_000));
});
const params = { type: "object", properties: { name: { type: "string", default: "you" } }, additionalProperties: false };

export const hello = dag("hello", { schedule: "@yearly", tags: ["greeting"], params }, (run) => {
  const words = greet(run.params.name);
  shout(words);
  return words;
});
export const broken = dag("broken", {}, () => {
  task(function fails() { throw new FailTask("out of apples"); })();
});
export const slow = dag("slow", {}, () => {
  task(function waits() { return new Promise((done) => setTimeout(done, 60_000).unref()); })();
});
`;

/** Each starts several processes, one after the other. */
vi.setConfig({ testTimeout: 90_000 });

let folder: string;
let millrace: Millrace;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-cli-"));
  mkdirSync(join(folder, "dags"));
  writeFileSync(join(folder, "dags", "hello.ts"), dags);
  writeFileSync(join(folder, "dags", "torn.ts"), "export default dag(");
  millrace = await startUp({ dags: join(folder, "dags") });
  await millrace.api.dagsAre(3);
});
afterAll(async () => {
  await millrace[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

type Run = { runId: string; state: string };

/** Triggers; resolves with the id once the run is final. */
async function finishedRun(dagId: string): Promise<string> {
  const runId = await millrace.api.trigger(dagId);
  await millrace.api.end(runId);
  return runId;
}

/** Runs with --json and gives back the one value on stdout. */
async function json<T = object>(...args: string[]): Promise<T> {
  const { values, stderr } = await jsonLines(...args);
  expect(values, stderr).toHaveLength(1);
  return values[0] as T;
}

/** Runs with --json: everything on stdout must be JSON, one value or one a line. */
async function jsonLines(
  ...args: string[]
): Promise<{ code: number; values: unknown[]; stderr: string }> {
  const { code, stdout, stderr } = await millrace.cli(...args, "--json");
  // What comes once is indented, what comes one after the other is a line each.
  const values = (stdout.startsWith("{\n") ? [stdout] : stdout.split("\n").filter(Boolean)).map(
    (text) => JSON.parse(text) as unknown,
  );
  return { code, values, stderr };
}

describe("dags", () => {
  test("list shows schedules and newest runs, and what does not compile beside them", async () => {
    await finishedRun("hello");
    const { code, stdout, stderr } = await millrace.cli("dags", "list");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^DAG +SCHEDULE +PAUSED +NEXT RUN +TASKS +LAST RUNS\n/);
    expect(stdout).toMatch(/\nhello +@yearly +no +\d{4}-01-01 00:00:00Z +2 +✔ success/);
    expect(stderr).toMatch(/✘ torn\.ts: /);
    expect((await millrace.cli("dags", "list", "--tag", "greeting")).stdout).not.toContain("slow");
    const none = await millrace.cli("dags", "list", "--search", "nothing-like-this");
    expect(none).toMatchObject({ code: 0, stdout: "" });
  });

  test("list --json is one value with every DAG and the import errors", async () => {
    const list = await json<{
      dags: { dagId: string }[];
      importErrors: { file: string }[];
    }>("dags", "list");
    expect(list.dags.map((it) => it.dagId)).toEqual(["broken", "hello", "slow"]);
    expect(list.importErrors).toMatchObject([{ file: "torn.ts" }]);
  });

  test("show tells the tasks and what they come after", async () => {
    const { code, stdout } = await millrace.cli("dags", "show", "hello");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^hello version 1\nschedule {2}@yearly, next .*\nfile {6}hello\.ts\ntags/,
    );
    expect(stdout).toMatch(/\nshout +default +0 +greet\n/);
    const shown = await json<{ dag: object; spec: { tasks: object[] } }>("dags", "show", "hello");
    expect(shown.dag).toMatchObject({ dagId: "hello" });
    expect(shown.spec.tasks).toHaveLength(2);
  });

  test("trigger prints the run's id alone on stdout; the same request id makes one run", async () => {
    const once = [
      "dags",
      "trigger",
      "hello",
      "--params",
      '{"name":"me"}',
      "--request-id",
      "cli-test-1",
    ];
    const first = await millrace.cli(...once);
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/^run_\d+\n$/);
    expect(first.stderr).toMatch(/Follow it: millrace runs watch run_\d+/);
    expect((await millrace.cli(...once)).stdout).toBe(first.stdout);
  });

  test("trigger --watch ends with the run, and says by its code how", async () => {
    const good = await millrace.cli("dags", "trigger", "hello", "--watch");
    expect(good.code).toBe(0);
    expect(good.stderr).toMatch(/✔ success hello run_\d+ \d/);
    const bad = await millrace.cli("dags", "trigger", "broken", "--watch");
    expect(bad.code).toBe(1);
    expect(bad.stderr).toMatch(/✘ failed fails .*out of apples/);
    expect(bad.stderr).toMatch(/\n✘ Run run_\d+ of broken failed: .+\n$/);
    const { code, values } = await jsonLines("dags", "trigger", "broken", "--watch");
    expect(code).toBe(1);
    expect(values.at(-1)).toMatchObject({ run: { dagId: "broken", state: "RUN_STATE_FAILED" } });
  });

  test("params that break the schema are wrong use, with the field", async () => {
    const { code, stderr } = await millrace.cli(
      "dags",
      "trigger",
      "hello",
      "--params",
      '{"name":1}',
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/✘ .*name.*string/);
  });

  test("pause and unpause", async () => {
    expect((await millrace.cli("dags", "pause", "slow")).stderr).toContain("Paused slow");
    expect((await millrace.cli("dags", "show", "slow")).stdout).toContain("‖ paused");
    expect(await json("dags", "pause", "slow")).toMatchObject({ dag: { isPaused: true } });
    expect((await millrace.cli("dags", "unpause", "slow")).stderr).toContain("Unpaused slow");
    const unpaused = await json<{ dag: object }>("dags", "unpause", "slow");
    expect(unpaused.dag).not.toHaveProperty("isPaused");
  });

  test("test runs a DAG without any server; what bodies print is talk", async () => {
    const here = ["--dags", join(folder, "dags")];
    const offline = { MILLRACE_URL: "http://127.0.0.1:1" };
    const shown = await runCli(["dags", "test", "hello", ...here], offline);
    expect(shown).toMatchObject({ code: 0 });
    expect(shown.stdout).toMatch(/\ngreet +✔ success +1 +\{ hello: 'you' \}\n/);
    expect(shown.stderr).toContain("YOU");
    const json = await runCli(
      ["dags", "test", "hello", ...here, "--params", '{"name":"a"}', "--json"],
      offline,
    );
    expect(JSON.parse(json.stdout)).toMatchObject({
      state: "success",
      params: { name: "a" },
      order: ["greet", "shout"],
    });
    const failed = await runCli(["dags", "test", "broken", ...here], offline);
    expect(failed).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("✘ broken failed") as string,
    });
    const missing = await runCli(["dags", "test", "none", ...here], offline);
    expect(missing).toMatchObject({ code: 3, stderr: expect.stringContaining("hello") as string });
  });
});

describe("runs", () => {
  test("list is newest first, filtered and limited, and says when there are more", async () => {
    await finishedRun("broken");
    await finishedRun("hello");
    const { stdout, stderr } = await millrace.cli("runs", "list", "--limit", "1");
    expect(stdout.split("\n")).toHaveLength(3);
    expect(stdout).toMatch(/\nrun_\d+ +hello +✔ success +manual +- +\d{4}-/);
    expect(stderr).toContain("--limit above 1");
    const failed = await json<{ runs: Run[] }>("runs", "list", "--state", "failed");
    expect(new Set(failed.runs.map((it) => it.state))).toEqual(new Set(["RUN_STATE_FAILED"]));
    expect(await millrace.cli("runs", "list", "--dag", "nope")).toMatchObject({
      stdout: "",
      stderr: "No such runs.\n",
    });
  });

  test("show tells the run and its tasks", async () => {
    const runId = await finishedRun("broken");
    const { code, stdout } = await millrace.cli("runs", "show", runId);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^✘ failed broken ${runId}: `));
    expect(stdout).toMatch(/\nfails +✘ failed +1\/1 .*out of apples/);
    expect(await json("runs", "show", runId)).toMatchObject({
      run: { runId, state: "RUN_STATE_FAILED" },
    });
  });

  test("show tells what a run results in", async () => {
    const { stdout } = await millrace.cli("runs", "show", await finishedRun("hello"));
    expect(stdout).toMatch(/\nresult +\{"hello":"you"\} of greet\n/);
  });

  test("watch of a final run tells it all at once", async () => {
    const runId = await finishedRun("hello");
    const { code, stdout, stderr } = await millrace.cli("runs", "watch", runId);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toMatch(/✔ success greet .*\n.*✔ success shout .*\n✔ success hello/);
    expect((await jsonLines("runs", "watch", runId)).values.at(-1)).toMatchObject({
      run: { runId },
    });
  });

  test("cancel stops a run; whoever watches it ends with 1", async () => {
    const runId = await millrace.api.trigger("slow");
    const watching = millrace.cli("runs", "watch", runId);
    await waitFor("the task to run", async () =>
      (await millrace.cli("tasks", "list", runId)).stdout.includes("▶ running"),
    );
    const { code, stderr } = await millrace.cli("runs", "cancel", runId);
    expect(code).toBe(0);
    expect(stderr).toMatch(new RegExp(`^${runId} is being cancelled: `));
    expect((await watching).code).toBe(1);
    expect(await json("runs", "cancel", runId)).toMatchObject({
      run: { state: "RUN_STATE_FAILED" },
    });
  });
});

describe("tasks", () => {
  test("list, logs and explain", async () => {
    const runId = await finishedRun("hello");
    expect((await millrace.cli("tasks", "list", runId)).stdout).toMatch(
      /\ngreet +✔ success +1\/2 /,
    );
    const list = await json<{ taskInstances: object[] }>("tasks", "list", runId);
    expect(list.taskInstances).toHaveLength(2);

    // A log that takes long to be stored does not hold up its run.
    const logs = await waitFor("a line", async () => {
      const done = await millrace.cli("tasks", "logs", runId, "greet");
      return done.stdout === "" ? null : done;
    });
    expect(logs.stdout).toMatch(/^\d\d:\d\d:\d\d\.\d{3} greeting \{"name":"you"\}\n$/);
    const lines = await waitFor("a line that is followed", async () => {
      const followed = ["--follow", "--attempt", "1"];
      const done = await jsonLines("tasks", "logs", runId, "shout", ...followed);
      return done.values.length === 0 ? null : done;
    });
    expect(lines).toMatchObject({ code: 0, values: [{ message: "YOU" }] });

    expect((await millrace.cli("tasks", "explain", runId, "greet")).stdout).toMatch(
      /^✔ success greet\n {2}final: /,
    );
    const explained = await json<{ reasons: object[] }>("tasks", "explain", runId, "greet");
    expect(explained.reasons).toMatchObject([{ kind: "REASON_KIND_FINAL" }]);
  });

  test("values are listed, and one is printed whole", async () => {
    const runId = await finishedRun("hello");
    const greeted = await millrace.cli("tasks", "values", runId, "greet");
    expect(greeted.stdout).toMatch(/^KEY +BYTES +VALUE\nreturn_value +15 +\{"hello":"you"\}\n$/);
    const left = await millrace.cli("tasks", "values", runId, "shout");
    expect(left.stdout).toMatch(/\nletters +1 +3\n/);
    expect(left.stdout).toMatch(/\nmany +300002 +"a{199}…\n/);
    const whole = await millrace.cli("tasks", "values", runId, "shout", "--key", "many");
    expect(JSON.parse(whole.stdout)).toBe("a".repeat(300_000));
    const listed = await json<{ xcoms: object[] }>("tasks", "values", runId, "shout");
    expect(listed.xcoms).toMatchObject([{ key: "letters", size: "1" }, { key: "many" }]);
    const missing = await millrace.cli("tasks", "values", runId, "greet", "--key", "nope");
    expect(missing.code).toBe(3);
  });

  test("a task that is not there is not found", async () => {
    const runId = await finishedRun("hello");
    for (const command of ["logs", "explain", "values"]) {
      const { code, stdout, stderr } = await millrace.cli("tasks", command, runId, "nope");
      expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
      expect(stderr).toBe('✘ The run has no task "nope".\n');
    }
  });
});

test("workers list", async () => {
  expect((await millrace.cli("workers", "list")).stdout).toMatch(
    /\n\S+ +typescript \S+ +default +- +\d+\/16 /,
  );
  // Its second session watches what tasks wait for.
  const { workers } = await json<{ workers: { queues: string[]; handlers?: string[] }[] }>(
    "workers",
    "list",
  );
  expect(workers.map(({ queues }) => queues)).toEqual([["default"], ["default"]]);
  const watched = workers.flatMap(({ handlers = [] }) => handlers).toSorted();
  expect(watched).toEqual([
    "trigger/file",
    "trigger/http",
    "trigger/kafka",
    "trigger/nats",
    "trigger/s3",
  ]);
});

test("doctor names what is wrong and ends with 1; version tells both sides", async () => {
  const doctor = await millrace.cli("doctor");
  expect(doctor.code).toBe(1);
  expect(doctor.stdout).toMatch(/✔ ok +node/);
  expect(doctor.stdout).toMatch(/✘ wrong +import errors +torn\.ts/);
  const { code, stdout } = await millrace.cli("doctor", "--json");
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ isOk: false });
  expect((await millrace.cli("version")).stdout).toMatch(/^millrace \d+\.\d+\.\d+\n$/);
  expect(await json("version")).toMatchObject({ server: { workerProtocol: 1 } });
  expect((await millrace.cli("--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("db tells which migrations are applied, and applies none twice", async () => {
  const env = { DATABASE_URL: databaseUrlOf(millrace.stateDir) };
  expect((await runCli(["db", "status"], env)).stdout).toMatch(/\n0001_spine +✔ applied/);
  expect(JSON.parse((await runCli(["db", "status", "--json"], env)).stdout)).toMatchObject({
    pending: [],
  });
  expect((await runCli(["db", "migrate"], env)).stderr).toContain("up to date");
  expect(JSON.parse((await runCli(["db", "migrate", "--json"], env)).stdout)).toEqual({
    applied: [],
  });
  const unset = await runCli(["db", "status"], { DATABASE_URL: "" });
  expect(unset).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("DATABASE_URL") as string,
  });
});

test.each([
  [["dags", "show", "nope"], 3, 'No DAG has the id "nope".'],
  [["dags", "trigger", "nope"], 3, 'No DAG has the id "nope".'],
  [["runs", "show", "run_0"], 3, 'No DAG run has the id "run_0".'],
  [["runs", "list", "--limit", "abc"], 2, "--limit"],
  [["runs", "list", "--url", "http://127.0.0.1:1"], 6, "No Millrace server answers"],
  [["runs", "list", "--url", "nowhere"], 2, '--url is "nowhere"'],
  [["runs", "list", "--key-file", "/none"], 2, '--key-file is "/none"'],
])("%j ends with %d and one line on stderr", async (args, code, message) => {
  const done = await millrace.cli(...args, "--json");
  expect({ code: done.code, stdout: done.stdout }).toEqual({ code, stdout: "" });
  expect(done.stderr).toContain(message);
  expect(done.stderr).toMatch(/^✘ /);
});

test("a key that the server does not know is not allowed in", async () => {
  const { url } = await json<{ url: string }>("version");
  const done = await runCli(["runs", "list", "--url", url], { MILLRACE_KEY: "mr_wrong" });
  expect(done).toMatchObject({
    code: 4,
    stderr: expect.stringContaining("MILLRACE_KEY") as string,
  });
});

test("nothing is coloured where nobody sees it, unless asked for", async () => {
  for (const env of [{}, { CI: "true" }, { NO_COLOR: "1" }]) {
    const { stdout } = await runCli(["dags", "list"], {
      MILLRACE_STATE_DIR: millrace.stateDir,
      ...env,
    });
    expect(stdout).toBe(stripVTControlCharacters(stdout));
  }
  const forced = await runCli(["dags", "list"], {
    MILLRACE_STATE_DIR: millrace.stateDir,
    FORCE_COLOR: "1",
  });
  expect(forced.stdout).not.toBe(stripVTControlCharacters(forced.stdout));
});
