/** DAGs that a client starts. */
import { chain, context, dag, FailTask, task } from "@millrace/sdk";
import { z } from "zod";

const extract = task(function extract(region: string, since: string) {
  return { at: new Date(since), rows: new Map([[region, 12n]]) };
});

const load = task(function load({ rows }: { at: Date; rows: Map<string, bigint> }) {
  context().xcom.push("count", rows.size);
});

const params = z.object({
  region: z.string().default("eu"),
  since: z.string().default("2026-01-01"),
});

export const etl = dag("etl", { schedule: "@yearly", tags: ["sales"], params }, (run) => {
  load(extract(run.params.region, run.params.since));
});

const wait = task(async function wait() {
  await new Promise((done) => context().signal.addEventListener("abort", done));
});

export const held = dag("held", {}, () => {
  wait();
});

const refuse = task(function refuse() {
  throw new FailTask("not today");
});
const after = task(function after() {});

export const refuses = dag("refuses", {}, () => {
  chain(refuse(), after());
});
