/** The smallest DAG: two tasks, one after the other. */
import { chain, dag, task } from "@millrace/sdk";

const start = task(function start() {
  console.log("The run has begun.");
});

const end = task(function end() {
  console.log("The run is over.");
});

export default dag("example_dag", { tags: ["example"] }, () => {
  chain(start(), end());
});
