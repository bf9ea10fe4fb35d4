/**
 * `npm run bench`: the limits of this machine, then the workloads on a real system, as ratios in one run.
 * Prints Markdown; `-- --write` puts it into docs/benchmarks.md between its markers.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { measureLimits } from "./limits.ts";
import { residentMemory } from "./statistics.ts";
import { startSystem } from "./system.ts";
import { measureHops, measureRun, measureSingles, type Cost, type Hops, type Rate } from "./workloads.ts";

const repeats = 3;
const singleRuns = 10_000;
const dagCount = 4;
const page = new URL("../../docs/benchmarks.md", import.meta.url);
const marks = ["<!-- figures: npm run bench -- --write -->", "<!-- end of figures -->"] as const;

await using system = await startSystem(dagCount);
const idle = residentMemory(system.pid);
const limits = await measureLimits(system.databaseUrl);
// The first run of each DAG warms code and caches; its figures are not used.
await measureHops(system);
const hops = await best(() => measureHops(system), (it) => it.p50Ms);
await measureRun(system, "wide_10000", 10_000);
const wide = await best(() => measureRun(system, "wide_10000", 10_000), (it) => -it.tasksPerSecond);
const loaded = residentMemory(system.pid);
const fan = await best(() => measureRun(system, "fan_2000", 2002), (it) => -it.tasksPerSecond);
const singles = await best(() => measureSingles(system, singleRuns), (it) => -it.tasksPerSecond);
const text = report();
if (process.argv.includes("--write")) write(text);
else process.stdout.write(text);

/** The best of some repeats, and all of them for the spread. */
async function best<T>(measure: () => Promise<T>, order: (it: T) => number): Promise<{ best: T; all: T[] }> {
  const all: T[] = [];
  for (let n = 0; n < repeats; n++) all.push(await measure());
  return { best: all.toSorted((a, b) => order(a) - order(b))[0]!, all };
}

function report(): string {
  const { rowLimit, rowLimitAt, commitMs } = limits;
  const rate = (name: string, { best: it, all }: { best: Rate; all: Rate[] }) =>
    `| ${name} | ${number(it.tasksPerSecond)} tasks/s (${all.map((each) => number(each.tasksPerSecond)).join(", ")}) | ${(it.tasksPerSecond / rowLimit).toFixed(3)} R | ${costs(it.cost)} |`;
  const hop = (it: Hops) => `${it.p50Ms.toFixed(2)} / ${it.p99Ms.toFixed(2)} ms`;
  const memory = Object.keys({ ...idle, ...loaded }).map(
    (name) => `| ${name} | ${number(idle[name] ?? 0)} MB | ${number(loaded[name] ?? 0)} MB |`,
  );
  return `
Measured ${new Date().toISOString().slice(0, 10)} at commit ${commit()} on ${cpus().length} × ${cpus()[0]?.model ?? "?"}, ${Math.round(totalmem() / 2 ** 30)} GB,
Node ${process.version}, embedded PostgreSQL with fsync and synchronous_commit on; server, worker and PostgreSQL share the cores.

| limit of this machine | |
| --- | --- |
| R: two-write tasks a second that Postgres commits in batches (pgbench, ${rowLimitAt}) | ${number(rowLimit)} tasks/s |
| H: one commit round trip (pgbench, one row, one client) | ${commitMs.toFixed(3)} ms |

| workload | best of ${repeats} (all) | ratio | row writes / commits / WAL bytes a task, HOT |
| --- | --- | --- | --- |
| hop in a chain of 1,000 tasks, p50 / p99 | ${hop(hops.best)} (${hops.all.map(hop).join(", ")}) | ${(hops.best.p50Ms / commitMs).toFixed(2)} H / ${(hops.best.p99Ms / commitMs).toFixed(2)} H | ${costs(hops.best.cost)} |
${rate("10,000 no-op tasks, one run", wide)}
${rate(`${number(singleRuns)} runs of one no-op task, triggered one by one`, singles)}
${rate("1 → 2,000 → 1", fan)}

| resident memory | idle | after 40,000 tasks |
| --- | --- | --- |
${memory.join("\n")}
`;
}

function costs(cost: Cost): string {
  return `${cost.rowsPerTask.toFixed(3)} / ${cost.commitsPerTask.toFixed(3)} / ${number(cost.walBytesPerTask)}, ${(cost.hotShare * 100).toFixed(1)} %`;
}

function number(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function commit(): string {
  return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
}

function write(figures: string): void {
  const old = readFileSync(page, "utf8");
  const [begin, end] = [old.indexOf(marks[0]), old.indexOf(marks[1])];
  if (begin < 0 || end < begin) throw new Error("docs/benchmarks.md has lost its markers");
  writeFileSync(page, old.slice(0, begin + marks[0].length) + figures + old.slice(end));
}
