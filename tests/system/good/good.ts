/** One DAG with nothing wrong. */
import { dag, task } from "@millrace/sdk";

const fine = task(function fine() {
  return "fine";
});

export default dag("good", {}, () => void fine());
