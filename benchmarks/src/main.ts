/**
 * `npm run bench`: the limits of this machine, then the workloads on a real system, as ratios in one run.
 * Prints Markdown; `-- --write` puts it into docs/benchmarks.md between its markers. Progress is on stderr.
 */
import { benchmark } from "./benchmark.ts";
import type { Project } from "./installed.ts";
import { openLimits } from "./limits.ts";
import { memoryOf } from "./processes.ts";
import { report, type Figures } from "./report.ts";
import { measureStarts } from "./starts.ts";
import { startPostgres, startSystem } from "./system.ts";
import { measureHops, measureRun, measureSingles, measureTriggers } from "./workloads.ts";

const benchmarkSeconds = 240;
const singleRuns = 5_000;
const triggerRuns = 100;
const dagCount = 4;

await benchmark("npm run bench", benchmarkSeconds, async (project) =>
  report(await measure(project)),
);

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
