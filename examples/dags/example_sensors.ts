/** Sensors: tasks that look again and again until something is there. */
import { fileSensor, waitFor } from "@millrace/operators";
import { chain, context, dag, done, sensor, task } from "@millrace/sdk";
import { z } from "zod";

/** Gives its slot back between looks; what it is done with is its value. */
const waitForRows = sensor(
  { mode: "reschedule", interval: "1s", timeout: "1m", backoff: true, maxInterval: "10s" },
  function wait_for_rows(wanted: number) {
    const { run, now } = context();
    const rows = Math.floor((now().getTime() - run.runAfter.getTime()) / 100);
    return rows < wanted ? false : done({ rows });
  },
);

/** Skips what needs it when its time is over, instead of failing the run. */
const waitForHoliday = sensor(
  { interval: "1s", timeout: "1s", softFail: true },
  function wait_for_holiday(day: string) {
    return day.endsWith("-12-25");
  },
);

const load = task(function load({ rows }: { rows: number }): number {
  return rows;
});

const celebrate = task(function celebrate() {});

const readFile = task(function read_file(path: string): string {
  return path;
});

export default dag(
  "example_sensors",
  {
    tags: ["example"],
    params: z.object({ rows: z.int().default(5), file: z.string().default("/etc/hosts") }),
  },
  (run) => {
    chain(waitForHoliday(run.ds), celebrate());
    const file = fileSensor(run.params.file).after(waitFor("1s", { interval: "1s" }));
    readFile(file);
    return load(waitForRows(run.params.rows));
  },
);
