/** Three tasks side by side between a start and an end. */
import { setTimeout as delay } from "node:timers/promises";
import { chain, context, dag, task } from "@millrace/sdk";

const start = task(function start() {
  console.log("Starting three tasks at once.");
});

const work = task(async function work(name: string, seconds: number) {
  await delay(seconds * 1000, undefined, { signal: context().signal });
  return `${name} took ${seconds} s`;
});

const end = task(function end(results: string[]) {
  for (const result of results) console.log(result);
});

export default dag("parallel_tasks_example", { tags: ["example"] }, () => {
  const begun = start();
  const results = ["one", "two", "three"].map((name, index) =>
    work.with({ id: `task_${name}` })(name, (index + 1) / 2),
  );
  chain(begun, results);
  end(results);
});
