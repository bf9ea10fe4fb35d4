/** DAGs with schedules: files for a worker's folder, and specs that are registered as they are. */
import { TaskKind } from "@millrace/wire/v1";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** DAGs in one file. */
const perFile = 100;

/** Writes DAGs of one task each, due at these moments; their ids are `prefix` and a number. */
export function writeDueDags(
  folder: string,
  { prefix, count, at }: { prefix: string; count: number; at: readonly number[] },
): void {
  mkdirSync(folder, { recursive: true });
  const dates = JSON.stringify(at.map((moment) => new Date(moment).toISOString()));
  for (let from = 0; from < count; from += perFile) {
    const numbers = Array.from({ length: Math.min(perFile, count - from) }, (_, n) => from + n);
    const dags = numbers.map(
      (n) =>
        `export const d${n} = dag("${prefix}${n}", { schedule: events(dates) }, () => { work(); });`,
    );
    writeFileSync(
      join(folder, `${prefix}${from}.ts`),
      [
        `import { dag, events, task } from "@millrace/sdk";`,
        `const dates = ${dates};`,
        `const work = task(function work() { return 1; });`,
        ...dags,
        "",
      ].join("\n"),
    );
  }
}

/** A DAG that is due once a year. */
export function idleSpec(dagId: string, n: number) {
  const month = (new Date().getUTCMonth() + 6) % 12;
  const expressions = [`${n % 60} ${n % 24} ${1 + (n % 28)} ${1 + month} *`];
  const kind = { case: "cron", value: { expressions, timezone: "UTC" } } as const;
  return {
    ...{ dagId, file: `${dagId}.ts`, schedule: { kind } },
    tasks: [{ taskId: "work", kind: TaskKind.EXTERNAL, handler: "work" }],
  };
}
