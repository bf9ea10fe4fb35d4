/** Short circuits: a task that lets what follows go on, or skips it. */
import { empty, latestOnly, shell } from "@millrace/operators";
import { chain, dag, gate, label, shortCircuit, task } from "@millrace/sdk";
import { z } from "zod";

const isWorkday = shortCircuit(function is_workday(day: string) {
  const weekday = new Date(day).getUTCDay();
  return weekday !== 0 && weekday !== 6;
});

/** Skips only the tasks directly after it; trigger rules decide about the rest. */
const hasRows = shortCircuit({ skipsDirectOnly: true }, function has_rows(rows: number) {
  return rows > 0;
});

const collect = task(function collect(day: string): string[] {
  return [day];
});

const mail = task(function mail(rows: string[]): number {
  return rows.length;
});

const cleanUp = task({ triggerRule: "all_done" }, function clean_up() {});

export default dag(
  "example_short_circuit",
  {
    tags: ["example"],
    schedule: "@daily",
    params: z.object({ day: z.string().default("2026-01-05"), rows: z.int().default(0) }),
  },
  (run) => {
    const mailed = gate(isWorkday(run.params.day)).then(() => mail(collect(run.params.day)));
    chain(mailed, empty("mailed"));
    const publish = shell({ id: "publish", command: "echo published" });
    chain(gate(hasRows(run.params.rows)), label("there are rows"), publish, cleanUp());
    chain(latestOnly(), label("newest run"), shell({ id: "tell", command: "echo news" }));
  },
);
