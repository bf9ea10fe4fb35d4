/** Extract, transform, load, every day; values travel along the edges, and the load is a shell command. */
import { shell } from "@millrace/operators";
import { chain, context, dag, task } from "@millrace/sdk";

type Sale = { product: string; amount: number };

const extract = task(function extract(day: string): Sale[] {
  context().log.info("extracting", { day });
  return [
    { product: "apples", amount: 100 },
    { product: "pears", amount: 250 },
    { product: "plums", amount: -1 },
  ];
});

const transform = task(function transform(sales: Sale[]) {
  const valid = sales.filter((sale) => sale.amount >= 0);
  return { rows: valid.length, total: valid.reduce((sum, sale) => sum + sale.amount, 0) };
});

export default dag(
  "etl_pipeline",
  { schedule: "@daily", tags: ["example"], defaults: { retries: 3, retryDelay: "5m" } },
  (run) => {
    const summary = transform(extract(run.ds));
    chain(summary, shell({ id: "load", command: 'echo "Loading the sales of {{ ds }}"' }));
  },
);
