/** Mapping: one instance for each element of a list that is known only when the DAG runs, and a task that takes all results. */
import { context, dag, each, task, zip } from "@millrace/sdk";
import { z } from "zod";

const addOne = task(function add_one(x: number): number {
  return x + 1;
});

const sumIt = task(function sum_it(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  context().log.info("the sum", { of: values.length, sum });
  return sum;
});

const listRegions = task(function list_regions(count: number): string[] {
  return ["eu", "us", "asia", "africa"].slice(0, count);
});

const rate = task(
  { mapIndexTemplate: "{{ item }}" },
  function rate(region: string, currency: "chf" | "usd"): string {
    return `${region} in ${currency}`;
  },
);

const pair = task(function pair([region, sum]: [string, number]): string {
  return `${region}: ${sum}`;
});

export default dag(
  "example_dynamic_task_mapping",
  { tags: ["example"], params: z.object({ regions: z.int().min(0).max(4).default(2) }) },
  (run) => {
    const more = addOne(each([1, 2, 3])); // three instances
    const regions = listRegions(run.params.regions);
    rate(each(regions), each(["chf", "usd"])); // each region with each currency
    pair(each(zip(regions, more))); // the first with the first, the second with the second …
    return sumIt(more);
  },
);
