/** The figures of the engine as Markdown. */
import { placeAndTime, table, whole } from "../page.ts";
import { median } from "../statistics.ts";
import type { Answers, Times } from "./explain.ts";
import type { Bytes } from "./memory.ts";
import type { Shape } from "./shapes.ts";

export type Measured = {
  readonly shape: Shape;
  /** Events by second of processor time, of each round. */
  readonly rates: readonly number[];
  readonly answers: Answers;
  readonly bytes: Bytes;
};

export function engineReport(all: readonly Measured[]): string {
  return [
    `
Measured ${placeAndTime()}, in one process, from source.`,
    table(
      ["a run of", "events", "events/s: median", "least, most"],
      ...all.map(({ shape: { name, instances }, rates }) => [
        name,
        whole(1 + 2 * instances),
        whole(median(rates)),
        `${whole(Math.min(...rates))}, ${whole(Math.max(...rates))}`,
      ]),
    ),
    table(
      [
        "memory of a run of",
        "bytes a task instance: typed arrays",
        "process",
        "the compiled DAG of all runs: process",
      ],
      ...all.map(({ shape: { name }, bytes }) => [
        name,
        bytes.arrays.toFixed(1),
        bytes.process.toFixed(1),
        `${whole(bytes.dag / 1000)} KB`,
      ]),
    ),
    table(
      ["one `explain`, p50 / p99", "asked", "waiting", "while maxActiveTasks run", "last task"],
      ...all.map(({ shape: { name }, answers: { asked, free, full, lastMicros } }) => [
        name,
        whole(asked),
        asked === 0 ? "–" : spread(free),
        asked === 0 ? "–" : spread(full),
        lastMicros === null ? "–" : `${lastMicros.toFixed(0)} µs`,
      ]),
    ),
    "",
  ].join("\n\n");
}

function spread({ p50Micros, p99Micros }: Times): string {
  return `${p50Micros.toFixed(1)} / ${p99Micros.toFixed(1)} µs`;
}
