/** The example DAGs, run by the engine in this process as `millrace dags test` does. */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadDags } from "@millrace/sdk/bundle";
import type { DagDefinition } from "@millrace/sdk/spec";
import { ok, runDag, startDag } from "@millrace/testing";
import { beforeAll, describe, expect, test } from "vitest";

const folder = fileURLToPath(new URL("../../examples/dags", import.meta.url));
const sampleLogs = fileURLToPath(new URL("../data/logs", import.meta.url));
const fullLogs = process.env["MILLRACE_REAL_LOGS"];

type Report = {
  lines: number;
  dropped: number;
  byLevel: Record<string, number>;
  byApplication: Record<string, number>;
};

let dags: Map<string, DagDefinition>;

beforeAll(async () => {
  // Reading their files takes a busy machine longer than a worker may take.
  const loaded = await loadDags(folder, { timeoutMs: 60_000 });
  expect(loaded.errors).toEqual([]);
  dags = new Map(loaded.dags.map(({ dag }) => [dag.id, dag]));
});

function dagOf(id: string): DagDefinition {
  return dags.get(id)!;
}

describe("every example succeeds and runs its tasks in order", () => {
  test.each([
    ["example_dag", ["start", "end"]],
    ["etl_pipeline", ["extract", "transform", "load"]],
    ["production_etl_v2", ["ingest.extract", "ingest.validate", "transform"]],
    ["global_dependency_dag", ["prepare", "collect", "publish"]],
  ])("%s: %j", async (id, order) => {
    const done = await runDag(dagOf(id));
    expect(done.failure).toBeNull();
    expect(done.state).toBe("success");
    expect(done.order).toEqual(order);
  });

  test("parallel_tasks_example starts its three tasks before any of them has ended", async () => {
    const done = await runDag(dagOf("parallel_tasks_example"));
    expect(done.state).toBe("success");
    expect(done.order.slice(0, 4).toSorted()).toEqual([
      "start",
      "task_one",
      "task_three",
      "task_two",
    ]);
    expect(done.xcom("task_three")).toBe("three took 1.5 s");
  });

  test("parallel_etl loads the rows that it extracted, for each table", async () => {
    const done = await runDag(dagOf("parallel_etl"));
    expect(done.state).toBe("success");
    expect(done.xcom("load_customers")).toBe(120);
    expect(done.xcom("load_orders")).toBe(540);
    expect(done.xcom("load_products")).toBe(35);
  });
});

/** Runs an example as of a day long past, so that nothing has to be waited for. */
function runExample(id: string, params: Record<string, unknown> = {}) {
  return runDag(dagOf(id), { params, logicalDate: "2026-01-05T00:00Z" });
}

describe("the words, one by one", () => {
  test.each([
    [20, "7: shipped at once", { ship: "success", review: "skipped", ask_somebody: "skipped" }],
    [2000, "7: reviewed by Ada", { ship: "skipped", review: "success", ask_somebody: "success" }],
    [-1, "nothing to do", { ship: "skipped", review: "skipped", ask_somebody: "skipped" }],
  ])("example_branch with an amount of %d files %j", async (amount, filed, states) => {
    const done = await runExample("example_branch", { amount });
    expect(done.state).toBe("success");
    expect(done.xcom("file")).toBe(filed);
    expect(Object.fromEntries(Object.keys(states).map((id) => [id, done.task(id).state]))).toEqual(
      states,
    );
  });

  test("example_dynamic_task_mapping has an instance for each element, and sums all results", async () => {
    const done = await runExample("example_dynamic_task_mapping");
    expect(done.state).toBe("success");
    expect(done.xcom("sum_it")).toBe(9);
    expect(done.task("add_one", 2).state).toBe("success");
    expect(done.task("rate", 3).state).toBe("success");
    expect(done.task("pair", 1).state).toBe("success");
  });

  test("example_dynamic_task_mapping skips what maps over nothing", async () => {
    const done = await runExample("example_dynamic_task_mapping", { regions: 0 });
    expect(done.state).toBe("success");
    expect([done.task("rate").state, done.task("pair").state]).toEqual(["skipped", "skipped"]);
    expect(done.xcom("sum_it")).toBe(9);
  });

  test("example_task_group_mapping runs its group for each file", async () => {
    const done = await runExample("example_task_group_mapping");
    expect(done.state).toBe("success");
    const names = ["orders", "returns", "visits"].map((name) => `${name}-2026-01-05.csv`);
    expect(done.xcom("report")).toBe(names.join("").length);
    expect(done.task("file.count", 2).state).toBe("success");
  });

  test("example_setup_teardown removes its folder, whatever became of the work", async () => {
    const done = await runExample("example_setup_teardown");
    expect(done.xcom("report")).toBe("3 words");
    expect(existsSync(done.xcom("make_folder") as string)).toBe(false);

    const failed = await runExample("example_setup_teardown", { text: " " });
    expect(failed.state).toBe("failed");
    expect(failed.task("count_words").state).toBe("failed");
    expect(failed.task("report").state).toBe("upstream_failed");
    expect(failed.task("remove_folder").state).toBe("success");
    expect(existsSync(failed.xcom("make_folder") as string)).toBe(false);
  });

  test("example_sensors gives on what it found, and skips what it waited for in vain", async () => {
    const done = await runExample("example_sensors", { file: folder });
    expect(done.state).toBe("success");
    expect(done.xcom("load")).toBeGreaterThan(5);
    expect(done.xcom("read_file")).toBe(folder);
    expect(done.task("wait_for_holiday").state).toBe("skipped");
    expect(done.task("celebrate").state).toBe("skipped");
  });

  test("example_waiting goes on with what people say and what comes from elsewhere", async () => {
    const run = startDag(dagOf("example_waiting"), { now: "2026-01-05T00:00Z" });
    await run.advance("2s");
    const states = () => ["how_long", "train", "release"].map((id) => run.task(id).state);
    expect(states()).toEqual(["awaiting_input", "none", "none"]);
    run.answer("how_long", { epochs: 3 });
    await run.advance("1s");
    expect(states()).toEqual(["success", "deferred", "none"]);
    run.completeToken("train", { score: 0.9 });
    await run.advance("1s");
    expect(states()).toEqual(["success", "success", "awaiting_input"]);
    run.answer("release", { decision: "approve" });
    await run.finish();
    expect(run.result).toBe("published after 3 epochs with a score of 0.9");
    expect(run.task("release").logs.map((line) => line.message)).toEqual([
      "approved by user:admin",
    ]);
  });

  test("example_waiting takes its defaults when nobody answers, and publishes nothing unasked", async () => {
    const events = { train: ok({ score: 0.5 }) };
    const done = await runDag(dagOf("example_waiting"), { now: "2026-01-05T00:00Z", events });
    expect(done.state).toBe("success");
    expect(done.xcom("train")).toEqual({ score: 0.5, epochs: 10 });
    expect(done.task("publish").state).toBe("skipped");
  });

  test.each([
    ["2026-01-05", 0, ["success", "success", "skipped", "success"]],
    ["2026-01-04", 3, ["skipped", "skipped", "success", "success"]],
  ])("example_short_circuit on %s with %d rows", async (day, rows, states) => {
    const done = await runExample("example_short_circuit", { day, rows });
    expect(done.state).toBe("success");
    const ids = ["mail", "mailed", "publish", "clean_up"];
    expect(ids.map((id) => done.task(id).state)).toEqual(states);
    expect(done.task("tell").state).toBe("success");
  });
});

describe("example_callbacks", () => {
  test.each([
    [5, "success", { fetch_rows: "success", load: "success" }],
    [0, "success", { fetch_rows: "success", load: "skipped" }],
    [-1, "failed", { fetch_rows: "success", load: "failed" }],
  ])("with %d rows is %s", async (rows, state, states) => {
    const done = await runExample("example_callbacks", { rows });
    expect(done.state).toBe(state);
    expect(Object.fromEntries(done.tasks.map((it) => [it.id, it.state]))).toEqual(states);
    expect(done.task("fetch_rows").attempts).toBe(2);
  });

  test("names a callback for each thing that may happen", () => {
    const { callbacks, tasks } = dagOf("example_callbacks").spec();
    const named = (all: typeof callbacks) => all.map(({ on, name }) => `${on} ${name}`);
    expect(named(callbacks)).toEqual(["success note", "failure slack"]);
    expect(tasks.map((it) => [it.id, ...named(it.callbacks)])).toEqual([
      ["fetch_rows", "failure note", "failure webhook", "retry note"],
      ["load", "success note", "failure note", "failure webhook", "skipped note"],
    ]);
  });
});

describe("monitor_errors", () => {
  test("reports on logs of its own making when no source is given", async () => {
    const done = await runDag(dagOf("monitor_errors"));
    expect(done.state).toBe("success");
    const report = done.xcom("gen_reports") as Report;
    expect(report.lines).toBe(9 * 400);
    expect(report.dropped).toBeGreaterThan(0);
    const kept = Object.values(report.byLevel).reduce((sum, count) => sum + count, 0);
    expect(kept + report.dropped).toBe(report.lines);
    const { report: html } = done.xcom("check_threshold") as { report: string };
    expect(readFileSync(html, "utf8")).toMatch(/<svg[\s\S]*Top messages/);
  });

  test("warns over the threshold, and only then", async () => {
    const warnings = async (threshold: number) => {
      const done = await runDag(dagOf("monitor_errors"), { params: { threshold } });
      return done.task("check_threshold").logs.filter((line) => line.level === "warn").length;
    };
    expect(await warnings(0)).toBe(1);
    expect(await warnings(1_000_000)).toBe(0);
  });

  test("counts the lines of real logs in nine formats as grep and wc do", async () => {
    await expectCountsOfGrep(sampleLogs);
  });

  test.runIf(fullLogs)("counts the lines of the full real logs as grep and wc do", async () => {
    await expectCountsOfGrep(fullLogs!);
  });
});

const applications = [
  "security",
  "main",
  "ext",
  "time",
  "token",
  "bridge",
  "daemon",
  "notification",
  "message",
];

/** The nine logs under their application names, whatever they are called where they come from. */
async function expectCountsOfGrep(source: string): Promise<void> {
  const logs = mkdtempSync(join(tmpdir(), "millrace-real-logs-"));
  try {
    const files = readdirSync(source)
      .filter((it) => it.endsWith(".log"))
      .toSorted();
    expect(files).toHaveLength(9);
    files.forEach((file, n) => {
      const name = existsSync(join(source, "mainApp.log")) ? file : `${applications[n]}App.log`;
      copyFileSync(join(source, file), join(logs, name));
    });
    const shell = (command: string) =>
      Number(
        execFileSync("bash", ["-c", `${command} || true`], { cwd: logs, encoding: "utf8" }).trim(),
      );

    const done = await runDag(dagOf("monitor_errors"), { params: { source: logs } });
    expect(done.state).toBe("success");
    const report = done.xcom("gen_reports") as Report;
    expect(report.lines).toBe(shell("cat *.log | grep -c ''"));
    expect(report.dropped).toBe(shell(String.raw`cat *.log | grep -cE '^\s*$|\b(DEBUG|TRACE)\b'`));
    expect(report.byLevel["NOTICE"] ?? 0).toBe(
      shell(String.raw`grep -cE '\] \[notice\]' securityApp.log`),
    );
    const apacheErrors = shell(String.raw`grep -cE '^\[[^]]*\] \[error\]' securityApp.log`);
    const otherErrors = shell(
      String.raw`cat extApp.log mainApp.log notificationApp.log daemonApp.log messageApp.log | grep -cE '^[^[]* ERROR '`,
    );
    expect(report.byLevel["ERROR"] ?? 0).toBe(apacheErrors + otherErrors);
    const byApplication = Object.values(report.byApplication).reduce(
      (sum, count) => sum + count,
      0,
    );
    expect(byApplication).toBe(report.lines - report.dropped);
  } finally {
    rmSync(logs, { recursive: true, force: true });
  }
}
