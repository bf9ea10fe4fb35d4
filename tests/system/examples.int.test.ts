/** The example DAGs, run by the engine in this process as `millrace dags test` does. */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadDags } from "@millrace/sdk/bundle";
import type { DagDefinition } from "@millrace/sdk/spec";
import { runDag } from "@millrace/testing";
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
  const loaded = await loadDags(folder);
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
