/** Days of orders and regions of rates: what is loaded for a day is reported for that day. */

import { allOf, asset, assetNamed, byPartition, context, dag, rollup, task } from "@millrace/sdk";

const sales = asset({ uri: "x-test://sales", name: "sales" });
const rates = asset("x-test://rates");

const load = task({ outlets: [sales, rates] }, function load() {
  const { outlets, run } = context();
  for (const region of ["eu", "us"])
    outlets.extra(rates, { region }, { partition: `${run.partitionKey}|${region}` });
});
export const loading = dag("loading", {}, () => load());

const report = task(async function report() {
  const events = await context().triggeringAssetEvents.all();
  return [context().run.partitionKey, events.map((event) => event.partitionKey)];
});
const regions = rollup({ keys: ["2026-01-02|eu", "2026-01-02|us"], to: "2026-01-02" });
export const reporting = dag(
  "reporting",
  { schedule: byPartition(allOf(assetNamed("sales"), rates), { map: [[rates, regions]] }) },
  () => report(),
);
