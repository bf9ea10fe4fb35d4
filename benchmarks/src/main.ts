/**
 * `npm run bench`: the limits of this machine, then the workloads on a real system, as ratios in one run.
 * Prints Markdown; `-- --write` puts it into docs/benchmarks.md between its markers. Progress is on stderr.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installProject, type Project } from "./installed.ts";
import { openLimits } from "./limits.ts";
import { publish } from "./page.ts";
import { memoryOf } from "./processes.ts";
import { say, within } from "./progress.ts";
import { report, type Figures } from "./report.ts";
import { measureStarts } from "./starts.ts";
import { startPostgres, startSystem } from "./system.ts";
import { measureHops, measureRun, measureSingles, measureTriggers } from "./workloads.ts";

const benchmarkSeconds = 240;
const singleRuns = 5_000;
const triggerRuns = 100;
const dagCount = 4;

const folder = mkdtempSync(join(tmpdir(), "millrace-benchmarks-"));
try {
  const figures = await within(
    benchmarkSeconds,
    "the benchmark",
    measure(await installProject(folder)),
  );
  publish("npm run bench", report(figures));
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
// What has not ended by now is cut off by the end of this process.
process.exit();

async function measure(project: Project): Promise<Figures> {
  const starts = await measureStarts(project);
  await using postgres = await startPostgres();
  await using limits = await openLimits(postgres.url);
  const rows = await limits.measureRows();
  await using system = await startSystem(project, postgres, dagCount);
  const hops = await measureHops(system, limits);
  const triggers = await measureTriggers(system, limits, triggerRuns);
  const wide = await measureRun(system, "wide_10000", 10_000);
  const fan = await measureRun(system, "fan_2000", 2002);
  const singles = await measureSingles(system, singleRuns);
  const loaded = memoryOf(system);
  return { starts, rows, hops, triggers, wide, fan, singles, singleRuns, loaded };
}
