/** A file that somebody else writes is an asset; what a task makes of it is its target. */

import { fileTarget, writeFileAtomically } from "@millrace/operators";
import { asset, context, dag, task, trigger } from "@millrace/sdk";

const folder = process.env["WATCHED_FOLDER"] ?? "/tmp/millrace-watched";

export const orders = asset({
  uri: "x-test://orders",
  watchers: [trigger.file({ path: `${folder}/orders.csv`, interval: "1s" })],
});

const report = task(
  { target: (name) => fileTarget(`${folder}/${name}.json`, { read: JSON.parse }), retries: 0 },
  async function report(name: string): Promise<number> {
    context().log.info("the body runs");
    await writeFileAtomically(`${folder}/${name}.json`, "7");
    return 7;
  },
);

export const onOrders = dag("on_orders", { schedule: orders }, () => report("on_orders"));
export const twice = dag("twice", {}, () => report("twice"));
