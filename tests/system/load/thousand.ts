/**
 * 1,000 tasks in ten layers, each task after two of the layer before; every body notes that it ran. Those of the second half
 * wait for the file `opening`, if one is named: however slow a test is, the run is not over before.
 */
import { appendFileSync, existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { chain, context, dag, task, type Handle } from "@millrace/sdk";

const layers = 10;
const width = 100;
const lookEveryMs = 20;

const step = task(
  { retries: 2, retryDelay: "1s" },
  async function step(journal: string, millis: number, opening: string) {
    const { task: self, fencing } = context();
    await delay(millis);
    const isOpen = (): boolean => opening === "" || existsSync(opening);
    while (!isOpen()) await delay(lookEveryMs);
    if (journal) appendFileSync(journal, `${self.id} ${fencing}\n`);
    return self.id;
  },
);

export default dag(
  "thousand",
  {
    maxActiveTasks: 64,
    params: {
      type: "object",
      properties: {
        journal: { type: "string", default: "" },
        millis: { type: "integer", default: 20 },
        opening: { type: "string", default: "" },
      },
    } as const,
  },
  (run) => {
    let before: Handle<string>[] = [];
    for (let layer = 0; layer < layers; layer++) {
      const now = Array.from({ length: width }, (_, n) =>
        step.with({ id: `step_${layer}_${n}` })(
          run.params.journal as never,
          run.params.millis as never,
          (layer < layers / 2 ? "" : run.params.opening) as never,
        ),
      );
      now.forEach((handle, n) => {
        if (layer > 0) chain([before[n]!, before[(n + 1) % width]!], handle);
      });
      before = now;
    }
  },
);
