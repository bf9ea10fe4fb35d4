/** Options given once, as defaults of the DAG, hold for all its tasks; a task may differ. */
import { chain, dag, task } from "@millrace/sdk";

const prepare = task(function prepare() {
  console.log("Preparing.");
});

const collect = task({ retries: 5 }, function collect() {
  console.log("Collecting: five retries instead of the default two.");
});

const publish = task(function publish() {
  console.log("Publishing.");
});

export default dag(
  "global_dependency_dag",
  {
    schedule: "@daily",
    startDate: "2026-01-01T00:00:00Z",
    tags: ["example"],
    defaults: { owner: "platform", retries: 2, retryDelay: "1m", executionTimeout: "10m" },
  },
  () => {
    chain(prepare(), collect(), publish());
  },
);
