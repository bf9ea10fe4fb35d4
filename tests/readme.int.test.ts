/** The code of the READMEs and the pages about words compiles and runs, word for word: they promise nothing that is not there. */

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { loadDags, type LoadedDags } from "@millrace/sdk/bundle";
import { ok, runDag, type RunResult, type WaitEvents } from "@millrace/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { filesEnding, root, textOf } from "./source-tree.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-readme-"));
const logicalDate = "2026-01-01T00:00Z";
/** Reading files of DAGs takes a busy machine longer than a worker may take. */
const patient = { timeoutMs: 60_000 };

/** Where a reader would put the blocks of each page, in their order. */
const pages = [
  { readme: "README.md", files: ["dags/hello.ts"] },
  { readme: "packages/sdk/README.md", files: ["dags/etl.ts", "dags/etl_class.ts", "run-once.ts"] },
  {
    readme: "packages/operators/README.md",
    files: ["dags/report.ts", "dags/orders.ts", "dags/release.ts"],
  },
  { readme: "docs/mapping.md", files: ["dags/mapping.ts", "dags/mapped_group.ts"] },
  { readme: "docs/groups.md", files: ["dags/grouped.ts", "dags/month_end.ts"] },
  { readme: "docs/branches.md", files: ["dags/branches.ts", "dags/gates.ts"] },
  { readme: "docs/setup-and-teardown.md", files: ["dags/scope.ts"] },
  { readme: "docs/sensors.md", files: ["dags/sensing.ts"] },
  { readme: "docs/retries.md", files: ["dags/retrying.ts"] },
  {
    readme: "docs/waiting.md",
    files: ["dags/training.ts", "dags/printing.ts", "watch-queues.ts"],
  },
  { readme: "docs/callbacks.md", files: ["dags/calling.ts"] },
  {
    readme: "docs/getting-started.md",
    files: ["start/dags/sales.ts", "start/sales.test.ts", "start/dags/forecasts.ts"],
  },
  { readme: "docs/xcoms.md", files: ["dags/xcoms.ts"] },
  { readme: "docs/schedules.md", files: ["next-runs.ts", "dags/office_hours.ts"] },
  { readme: "docs/backfills.md", files: ["fill-january.ts"] },
  {
    readme: "docs/past-and-deadlines.md",
    files: ["dags/ledger.ts", "dags/monthly_ledger.ts", "dags/daily_figures.ts"],
  },
  { readme: "docs/pools-and-limits.md", files: ["dags/per_customer.ts"] },
  // Its DAGs have the names of those of the operators' page.
  { readme: "docs/across-dags.md", files: ["across/dags/across.ts"] },
  {
    readme: "docs/assets.md",
    files: ["dags/assets.ts", "partitions/dags/partitions.ts"],
  },
  { readme: "docs/inputs.md", files: ["dags/inputs.ts"] },
  { readme: "docs/asset-watchers.md", files: ["dags/shop.ts", "rows-of.ts"] },
  { readme: "docs/targets.md", files: ["dags/daily.ts"] },
];

/** Projects beside the first, for pages whose DAGs have the names of others. */
const others = ["start", "across", "partitions"];

let loaded: LoadedDags;

beforeAll(async () => {
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "dir");
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  for (const { readme, files } of pages) {
    const blocks = blocksOf(textOf(readme));
    expect(blocks, `the blocks of ${readme}`).toHaveLength(files.length);
    files.forEach((file, at) => write(file, blocks[at]!));
  }
  loaded = await loadDags(join(folder, "dags"), patient);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function blocksOf(markdown: string): string[] {
  return [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1]!);
}

function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

async function run(dagId: string, events: WaitEvents = {}): Promise<RunResult> {
  const dag = loaded.dags.find((it) => it.dag.id === dagId)?.dag;
  expect(dag, `the DAG ${dagId}`).toBeDefined();
  const done = await runDag(dag!, { logicalDate, events });
  expect(done.failure).toBeNull();
  return done;
}

test("every DAG file of the READMEs is accepted", async () => {
  expect(loaded.errors).toEqual([]);
  for (const project of others) {
    const { dags, errors } = await loadDags(join(folder, project, "dags"), patient);
    expect(errors).toEqual([]);
    expect(dags).not.toEqual([]);
  }
});

test("no page of the docs has code that is not compiled here", () => {
  const withCode = filesEnding(".md").filter(
    ({ path, text }) => path.startsWith("docs/") && blocksOf(text).length > 0,
  );
  expect(
    withCode.map(({ path }) => path).filter((path) => !pages.some((it) => it.readme === path)),
  ).toEqual([]);
});

// The compiler alone takes a dozen seconds, and on a busy machine several times that.
test("every block of the READMEs has the types it claims", { timeout: 240_000 }, () => {
  write(
    "tsconfig.json",
    JSON.stringify({
      extends: join(root, "tsconfig.base.json"),
      compilerOptions: { typeRoots: [join(root, "node_modules/@types")] },
      include: ["**/*.ts"],
    }),
  );
  const tsc = spawnSync(
    process.execPath,
    [join(root, "node_modules/typescript/bin/tsc"), "-p", folder],
    { encoding: "utf8" },
  );
  expect(tsc.stdout).toBe("");
  expect(tsc.status).toBe(0);
});

describe("each DAG of the READMEs runs to its end", () => {
  test("hello carries its sales over a typed edge, then notifies", async () => {
    const done = await run("hello");
    expect(done.order).toEqual(["extract", "total", "notify"]);
    expect(done.xcom("total")).toBe(3);
    expect(done.task("notify").logs.map((it) => it.message)).toContain("done with 2026-01-01");
  });

  test("etl fills in its params and shows them to the command at its end", async () => {
    const done = await run("etl");
    expect(done.xcom("transform")).toMatchObject({ total: 200 });
    expect(done.order).toHaveLength(4);
    expect(done.task("notify").logs.map((it) => it.message)).toContain("2026-01-01 eu");
  });

  test("the DAG written as a class does what its wire says", async () => {
    const { dag } = loaded.dags.find((it) => it.file === "etl_class.ts")!;
    const done = await run(dag.id);
    expect(done.order).toEqual(["extract", "total"]);
    expect(done.xcom("total")).toBe(1);
  });

  test("the pages about words do what they say", async () => {
    expect((await run("mapping")).xcom("total")).toBe(2 * "orders-2026-01-01.csvrows".length);
    expect((await run("mapped_group")).xcom("total")).toBe(42);
    const grouped = await run("grouped");
    expect(grouped.order).toEqual(["ingest.download", "ingest.check", "load", "announce"]);
    expect(grouped.xcom("load")).toBe(1);
    expect((await run("branches")).xcom("report")).toBe("loaded 10");
    expect((await run("gates")).task("mail").state).toBe("success");
    expect((await run("scope")).task("delete_cluster").state).toBe("success");
    expect((await run("sensing")).xcom("load")).toBe(10);
    expect((await run("retrying")).xcom("fetch_rows")).toBe(200);
    const trained = await run("training", { train: ok({ score: 1 }) });
    expect(trained.xcom("train")).toMatch(/^job of 100 rows, .*: 1$/);
    expect((await run("printing")).xcom("print")).toBe("2 copies");
    expect((await run("calling")).xcom("load")).toBe(10);
    expect((await run("regions")).xcom("report")).toBe(2);
    expect((await run("ledger")).xcom("load")).toMatch(/^2026-01-01: /);
    expect((await run("per_customer")).order).toEqual(["load", "bill"]);
    expect((await run("loading")).state).toBe("success");
    const clicks = await run("clicks_report");
    expect(clicks.task("report").logs).toHaveLength(24);
  });
});
