/**
 * `npm run bench:backfill`: a backfill of 10,000 dates with a task that does nothing, on a real `millrace up`. How long the
 * call takes, how long it takes until every date has its run, and how many runs go through in a second.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Pool } from "pg";
import { benchmark } from "../benchmark.ts";
import type { Project } from "../installed.ts";
import { placeAndTime, table, whole } from "../page.ts";
import { say, until } from "../progress.ts";
import { startPostgres, startSystem, type System } from "../system.ts";

const dates = 10_000;
const hourMs = 3_600_000;
const from = Date.UTC(2020, 0, 1);
/** Runs at a time: what a backfill has unless told otherwise, and what lets a worker of 256 slots be busy. */
const parallel = [10, 200];
const waitSeconds = 300;
const benchmarkSeconds = 900;

type Figures = {
  readonly maxActiveRuns: number;
  /** Until the call is answered, every date is decided, and every run is final. */
  readonly answerSeconds: number;
  readonly madeSeconds: number;
  readonly doneSeconds: number;
};

await benchmark("npm run bench:backfill", benchmarkSeconds, async (project) =>
  report(await measure(project)),
);

async function measure(project: Project): Promise<Figures[]> {
  const loadDags = join(project.folder, "filled");
  writeDags(loadDags);
  await using postgres = await startPostgres();
  await using system = await startSystem({ ...project, loadDags }, postgres, parallel.length);
  const figures: Figures[] = [];
  for (const maxActiveRuns of parallel) {
    say(`${dates} dates, ${maxActiveRuns} at a time`);
    figures.push(await fill(system, maxActiveRuns));
  }
  return figures;
}

function dagIdOf(maxActiveRuns: number): string {
  return `filled_${maxActiveRuns}`;
}

function writeDags(folderOfDags: string): void {
  mkdirSync(folderOfDags);
  const lines = parallel.map(
    (count) =>
      `export const d${count} = dag("${dagIdOf(count)}", { schedule: "0 * * * *" }, () => nothing());`,
  );
  writeFileSync(
    join(folderOfDags, "filled.ts"),
    `import { dag, task } from "@millrace/sdk";
const nothing = task(function nothing() {});
${lines.join("\n")}
`,
  );
}

async function fill({ client, pool }: System, maxActiveRuns: number): Promise<Figures> {
  const dagId = dagIdOf(maxActiveRuns);
  const begin = performance.now();
  const passed = () => (performance.now() - begin) / 1000;
  const { backfill } = await client.backfills.createBackfill({
    ...{ requestId: dagId, dagId, maxActiveRuns },
    fromDate: timestampFromMs(from),
    toDate: timestampFromMs(from + (dates - 1) * hourMs),
  });
  const answerSeconds = passed();
  let madeSeconds = 0;
  const row = async () => {
    const { rows } = await pool.query<{ decided: number; state: number }>(
      "SELECT decided, state FROM backfill WHERE dag_id = $1",
      [dagId],
    );
    return rows[0]!;
  };
  await until(
    waitSeconds,
    "the end of the backfill",
    async () => {
      const { decided, state } = await row();
      if (decided === dates && madeSeconds === 0) madeSeconds = passed();
      return state === 4;
    },
    50,
  );
  const doneSeconds = passed();
  if (backfill?.progress?.dates !== dates) throw new Error("No figure: other dates were counted.");
  await verifyDates(pool, dagId);
  return { maxActiveRuns, answerSeconds, madeSeconds, doneSeconds };
}

/** Each hour of the range has one run, which succeeded, and none runs twice; each is noted once, in order. */
async function verifyDates(pool: Pool, dagId: string): Promise<void> {
  const { rows } = await pool.query<{ right: number; runs: number; tasks: number }>(
    `SELECT
       (SELECT count(*)::int FROM backfill_date AS d JOIN run AS r ON r.id = d.run_id JOIN backfill AS b ON b.id = d.backfill_id
        WHERE b.dag_id = $1 AND d.outcome = 1 AND r.state = 3 AND r.backfill_ordinal = d.ordinal
          AND r.logical_at = b.from_at + (d.ordinal - 1) * interval '1 hour') AS right,
       (SELECT count(*)::int FROM run WHERE dag_id = $1 AND run_type = 3) AS runs,
       (SELECT count(*)::int FROM task_instance AS t JOIN run AS r ON r.id = t.run_id
        WHERE r.dag_id = $1 AND t.state = 6 AND t.attempt = 1) AS tasks`,
    [dagId],
  );
  const { right, runs, tasks } = rows[0]!;
  if (right !== dates || runs !== dates || tasks < dates)
    throw new Error(`No figure: ${right} of ${runs} runs are right, ${tasks} tasks succeeded.`);
}

function report(figures: readonly Figures[]): string {
  return [
    `
Measured ${placeAndTime()}: an hourly DAG of one task that does nothing, ${whole(dates)} dates, one worker process.
Runs are made as earlier ones start, so that the last one is made shortly before the end.`,
    table(
      [
        "runs at a time",
        "the call is answered",
        "every date has its run",
        "all is done",
        "runs a second",
      ],
      ...figures.map((of) => [
        String(of.maxActiveRuns),
        `${of.answerSeconds.toFixed(2)} s`,
        `${of.madeSeconds.toFixed(1)} s`,
        `${of.doneSeconds.toFixed(1)} s`,
        whole(dates / of.doneSeconds),
      ]),
    ),
    "",
  ].join("\n\n");
}
