/** DAGs that have to do with each other. */
import { existsSync } from "node:fs";
import { setTimeout as rest } from "node:timers/promises";
import { externalTaskMarker, externalTaskSensor, triggerDag } from "@millrace/operators";
import { chain, context, dag, each, task } from "@millrace/sdk";
import { z } from "zod";

const childParams = z.object({ n: z.int(), needs: z.string().default("") });

const count = task(function count(n: number, needs: string) {
  if (needs !== "" && !existsSync(needs)) throw new Error(`${needs} is not there`);
  return n * 2;
});

export const child = dag("child", { params: childParams, maxActiveRuns: 100 }, (run) =>
  count(run.params.n, run.params.needs),
);

const parentParams = z.object({ needs: z.string().default("") });

export const parent = dag("parent", { params: parentParams }, (run) => {
  triggerDag(child, {
    id: "child",
    params: { n: 21, needs: run.params.needs },
    note: "made by a task",
    wait: true,
    retries: 100,
    retryDelay: "1s",
  });
});

export const fan = dag("fan", {}, () => {
  const one = task({ triggers: child }, async function one(n: number) {
    return (await context().triggerDag(child, { params: { n } })).runId;
  });
  one(each([1, 2, 3]));
});

export const dated = dag("dated", {}, (run) => {
  const options = { params: { n: 1 }, logicalDate: run.logicalDate } as const;
  triggerDag(child, { ...options, id: "fails" });
  triggerDag(child, { ...options, id: "skips", ifExists: "skip" });
  triggerDag(child, { ...options, id: "uses", ifExists: "use", wait: true });
  triggerDag(child, { ...options, id: "clears", ifExists: "clear", wait: true });
});

export const circle = dag("circle", {}, () => {
  triggerDag("circle", { id: "again", maxDepth: 3 });
});

export const strict = dag("strict", {}, () => {
  const sneaky = task(async function sneaky() {
    await context().triggerDag("child", { params: { n: 1 } });
  });
  sneaky();
});

const ordersParams = z.object({ open: z.string().default("") });

/** Its task `publish` ends once the file `open` is there. */
export const orders = dag("orders", { params: ordersParams }, (run) => {
  const publish = task({ retries: 0 }, async function publish(file: string): Promise<string> {
    const isOpen = (): boolean => file === "" || existsSync(file);
    while (!isOpen()) await rest(50, undefined, { signal: context().signal });
    return "published";
  });
  const part = task(function part(n: number) {
    return n;
  });
  const parts = part(each([1, 2, 3]));
  chain(publish(run.params.open), externalTaskMarker("report", { id: "mark", tasks: ["orders"] }));
  return parts;
});

export const report = dag("report", {}, () => {
  externalTaskSensor("orders", { id: "orders", tasks: ["publish"], timeout: "1h" });
  externalTaskSensor("orders", { id: "whole", timeout: "1h" });
  externalTaskSensor("orders", { id: "mapped", tasks: ["part"], timeout: "1h" });
  externalTaskSensor("orders", { id: "earlier", delta: "1d", timeout: "1h" });
  externalTaskSensor("orders", {
    id: "both",
    dates: (date) => [date!, new Date(date!.getTime() - 86_400_000)],
    timeout: "1h",
  });
});

export const typo = dag("typo", {}, () => {
  externalTaskSensor("ordres", { id: "wrong_dag" });
  externalTaskSensor("orders", { id: "wrong_task", tasks: ["publsh"] });
  externalTaskSensor("ordres", {
    id: "waits",
    checkExistence: false,
    timeout: "2s",
    softFail: true,
  });
});
