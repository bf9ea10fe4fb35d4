/** Six DAGs of both nodes that share a pool; some of their tasks take two of its slots. */
import { setTimeout as delay } from "node:timers/promises";
import { dag, task } from "@millrace/sdk";

const work = task({ pool: "narrow" }, async function work(_nth: number) {
  await delay(60);
});
const wide = task({ pool: "narrow", poolSlots: 2 }, async function wide(_nth: number) {
  await delay(60);
});
const names = ["ash", "elm", "fir", "oak", "box", "yew"];

export const dags = names.map((name) =>
  dag(`pools_${name}`, { maxActiveTasks: 50 }, () => {
    for (let nth = 0; nth < 16; nth += 1) work.with({ id: `work_${nth}` })(nth);
    for (let nth = 0; nth < 4; nth += 1) wide.with({ id: `wide_${nth}` })(nth);
  }),
);
