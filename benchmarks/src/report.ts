/** The figures as Markdown. */
import type { RowLimit } from "./limits.ts";
import { placeAndTime, table, whole } from "./page.ts";
import type { Memory, Part } from "./processes.ts";
import { idleSeconds, type Start, type Starts } from "./starts.ts";
import { median } from "./statistics.ts";
import type { Cost, Latency, Measured, Rate } from "./workloads.ts";

export type Figures = {
  readonly starts: Starts;
  readonly rows: RowLimit;
  readonly hops: Measured<Latency>;
  readonly wide: Measured<Rate>;
  readonly fan: Measured<Rate>;
  readonly singles: Measured<Rate>;
  readonly triggers: Measured<Latency>;
  readonly singleRuns: number;
  /** After the workloads. */
  readonly loaded: ReadonlyMap<Part, Memory>;
};

export function report(figures: Figures): string {
  return [
    heading(),
    limits(figures),
    speeds(figures),
    costs(figures),
    starts(figures),
    memory(figures),
    "",
  ].join("\n\n");
}

function heading(): string {
  return `
Measured ${placeAndTime()}, the packages as they are
installed, embedded PostgreSQL with fsync and synchronous_commit on; server, worker, PostgreSQL and the program that
triggers share the cores.`;
}

function limits({ rows, hops }: Figures): string {
  const commits = hops.each.map((it) => it.commit);
  const average = median(commits.map((it) => it.averageMs)).toFixed(3);
  return table(
    ["limit of this machine", ""],
    [
      `R: two-write tasks a second that PostgreSQL commits in batches (pgbench on the real table, ${rows.at}), before anything else runs`,
      `${whole(rows.tasksPerSecond)} tasks/s`,
    ],
    [
      "H: one commit round trip, p50 (pgbench on the real table, one row, one client), right before each chain",
      `${commits.map((it) => it.p50Ms.toFixed(3)).join(", ")} ms; average ${average} ms`,
    ],
  );
}

function speeds({ rows, hops, triggers, wide, fan, singles, singleRuns }: Figures): string {
  const latency = (name: string, { each }: Measured<Latency>) => {
    const inH = (value: (it: Latency) => number) => each.map((it) => value(it) / it.commit.p50Ms);
    const p50 = inH((it) => it.p50Ms);
    const p99 = median(inH((it) => it.p99Ms));
    return [
      `${name}, p50 / p99`,
      each.map((it) => `${it.p50Ms.toFixed(2)} / ${it.p99Ms.toFixed(2)} ms`).join(", "),
      `p50 ${median(p50).toFixed(2)} H; best ${Math.min(...p50).toFixed(2)} H; p99 ${p99.toFixed(1)} H`,
    ];
  };
  const rate = (name: string, { each }: Measured<Rate>) => {
    const all = each.map((it) => it.tasksPerSecond);
    const ratio = (value: number) => `${(value / rows.tasksPerSecond).toFixed(3)} R`;
    return [
      name,
      `${all.map(whole).join(", ")} tasks/s`,
      `${ratio(median(all))}; best ${ratio(Math.max(...all))}`,
    ];
  };
  return table(
    ["workload", "each time", "ratio: median; best"],
    latency("hop in a chain of 1,000 tasks", hops),
    latency("trigger to start of a run's one task, one at a time", triggers),
    rate("10,000 no-op tasks in one run", wide),
    rate("1 → 2,000 → 1", fan),
    rate(`${whole(singleRuns)} runs of one no-op task, triggered one by one`, singles),
  );
}

function costs({ hops, triggers, wide, fan, singles }: Figures): string {
  return table(
    [
      "a task costs",
      "row writes: all (task instance, event)",
      "commits",
      "WAL bytes",
      "HOT",
      "CPU µs: server, worker, PostgreSQL, this program",
    ],
    cost("chain", hops.cost),
    cost("one at a time", triggers.cost),
    cost("10,000 in one run", wide.cost),
    cost("1 → 2,000 → 1", fan.cost),
    cost("single runs", singles.cost),
  );
}

function cost(name: string, { tasks, counters, walBytes, spent }: Cost): string[] {
  const each = (value: number, digits: number) => (value / tasks).toFixed(digits);
  const micros = (part: Part) => whole(((spent.get(part) ?? 0) * 1e6) / tasks);
  const { rows, taskRows, eventRows, commits, updates, hotUpdates } = counters;
  return [
    name,
    `${each(rows, 3)} (${each(taskRows, 3)}, ${each(eventRows, 3)})`,
    each(commits, 3),
    each(walBytes, 0),
    `${((100 * hotUpdates) / updates).toFixed(1)} %`,
    `${micros("server")}, ${micros("worker")}, ${micros("postgres")}, ${micros("program")}`,
  ];
}

function starts({ starts: { fresh, existing } }: Figures): string {
  const row = (name: string, at: keyof Start) => [
    name,
    `${whole(fresh[at])} ms`,
    `${whole(existing[at])} ms`,
  ];
  return table(
    ["from `millrace up` (medians)", "fresh state folder", "existing one"],
    row("PostgreSQL accepts connections", "postgres"),
    row("the server listens", "server"),
    row("the worker has its session", "worker"),
    row("the DAG folder is registered", "registered"),
    row("**the first run has finished**", "finished"),
    row("a stop takes", "stop"),
  );
}

function memory({ starts: { memory: idle }, loaded }: Figures): string {
  const parts: readonly [Part, string][] = [
    ["server", "server (api and scheduler)"],
    ["worker", "worker (with its threads)"],
    ["esbuild", "esbuild, beside the worker"],
    ["postgres", "PostgreSQL, shared pages once"],
  ];
  const megabytes = (value: number | null | undefined) => (value ? `${whole(value)} MB` : "–");
  const rows = parts.map(([part, name]) => {
    const [before, after] = [idle.get(part), loaded.get(part)];
    return [name, megabytes(before?.nowMb), megabytes(after?.nowMb), megabytes(after?.peakMb)];
  });
  const head = ["resident memory", `one small DAG, idle for ${idleSeconds} s`];
  return table([...head, "DAGs of 13,000 tasks, after the workloads", "peak"], ...rows);
}
