/** A nightly pipeline with a group, retries that back off, a time limit, and one run at a time. */
import { context, dag, group, SkipTask, task } from "@millrace/sdk";

type Order = { id: number; amount: number };

const extract = task(
  { retries: 2, retryDelay: "1m", retryBackoff: 2, maxRetryDelay: "10m" },
  function extract(day: string): Order[] {
    context().log.info("fetching orders", { day });
    return Array.from({ length: 100 }, (_, id) => ({ id, amount: (id * 37) % 101 }));
  },
);

const validate = task(function validate(orders: Order[]): Order[] {
  const valid = orders.filter((order) => order.amount > 0);
  if (valid.length === 0) throw new SkipTask("There are no valid orders today.");
  context().log.info("validated", { valid: valid.length, refused: orders.length - valid.length });
  return valid;
});

const transform = task({ executionTimeout: "30m" }, function transform(orders: Order[]) {
  return {
    orders: orders.length,
    revenue: orders.reduce((sum, order) => sum + order.amount, 0),
  };
});

export default dag(
  "production_etl_v2",
  { schedule: "0 2 * * *", maxActiveRuns: 1, tags: ["example", "production"], owner: "data" },
  (run) => {
    const orders = group("ingest", () => validate(extract(run.ds)));
    transform(orders);
  },
);
