/** Six DAGs of both nodes that share a pool; some of their tasks take two of its slots. */
import { appendFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { dag, task } from "@millrace/sdk";
import { z } from "zod";

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/**
 * A body holds its slots until it is let: of all together about as many end as the file `allowed` has bytes. However slow
 * a test is, it finds them in the middle.
 */
async function untilLet(folder: string): Promise<void> {
  const ended = join(folder, "ended");
  while (sizeOf(ended) >= sizeOf(join(folder, "allowed"))) await delay(20);
  await delay(60);
  appendFileSync(ended, ".");
}

const work = task({ pool: "narrow" }, async function work(_nth: number, folder: string) {
  await untilLet(folder);
});
const wide = task(
  { pool: "narrow", poolSlots: 2 },
  async function wide(_nth: number, folder: string) {
    await untilLet(folder);
  },
);
const names = ["ash", "elm", "fir", "oak", "box", "yew"];
const params = z.object({ folder: z.string() });

export const dags = names.map((name) =>
  dag(`pools_${name}`, { maxActiveTasks: 50, params }, (run) => {
    const { folder } = run.params;
    for (let nth = 0; nth < 16; nth += 1) work.with({ id: `work_${nth}` })(nth, folder);
    for (let nth = 0; nth < 4; nth += 1) wide.with({ id: `wide_${nth}` })(nth, folder);
  }),
);
