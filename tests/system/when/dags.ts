/** DAGs about when runs happen and what holds them back, small enough to look at from the command line. */
import { triggerDag } from "@millrace/operators";
import { allOf, asset, atLeast, context, dag, deadline, FailTask, task } from "@millrace/sdk";
import { z } from "zod";

const figures = task(async function figures(day: string) {
  if (day === "2026-01-03") throw new FailTask("the third does not balance");
  return day;
});
export const daily = dag("daily", { schedule: "@daily" }, (run) => figures(run.ds));

const wait = task(async function wait() {
  await new Promise((done) => context().signal.addEventListener("abort", done));
});
export const held = dag("held", { schedule: "@daily" }, () => wait());

const params = z.object({ customer: z.string().default("acme") });
export const perCustomer = dag(
  "per_customer",
  { params, concurrencyKey: ({ customer }) => customer },
  () => wait(),
);

const copy = task({ pool: "warehouse" }, async function copy() {
  await new Promise((done) => context().signal.addEventListener("abort", done));
});
export const copies = dag(
  "copies",
  { deadline: deadline.afterQueued("1h", { name: "an hour" }) },
  () => copy(),
);

const orders = asset({ uri: "s3://shop/orders", name: "orders", group: "shop" });
const load = task({ outlets: [orders] }, async function load() {
  context().outlets.extra(orders, { rows: 12 });
});
export const loading = dag("loading", {}, () => load());
export const reporting = dag("reporting", { schedule: allOf(atLeast(3, orders)) }, () => wait());

export const parent = dag("parent", { schedule: "0 6 * * 1-5", timezone: "Europe/Zurich" }, () => {
  triggerDag(loading);
});
