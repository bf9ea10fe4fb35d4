/** Bodies that pull, in a run in memory: by the same table as on a server (semantics 8.2). */

import { context, dag, each, SkipTask, task } from "@millrace/sdk";
import { expect, test } from "vitest";
import { runDag } from "./index.ts";

const leave = task(function leave(x: number) {
  const { xcom } = context();
  xcom.push("double", x * 2);
  if (x === 2) throw new SkipTask("two");
  return x === 1 ? null : x;
});

const quiet = task(function quiet() {});

test("gives what tasks returned and left, and the default for what they did not", async () => {
  const pulls = task({ triggerRule: "all_done" }, async function pulls() {
    const { xcom } = context();
    return [
      await xcom.pull({ tasks: "leave" }),
      await xcom.pull({ tasks: "leave", key: "double", mapIndexes: [2, 0] }),
      await xcom.pull({ tasks: ["quiet", "leave"], default: "none" }),
      await xcom.pull({ default: "none" }),
    ];
  });
  const done = await runDag(
    dag("pulled", {}, () => {
      const asks = pulls();
      quiet().before(asks);
      leave(each([0, 1, 2, 3])).before(asks);
      return asks;
    }),
  );
  expect(done.result).toEqual([[0, null, 3], [4, 0], ["none", 0, null, 3], "none"]);
});

test("refuses tasks and runs that there are not", async () => {
  const asks = task(async function asks() {
    const { xcom } = context();
    const reason = (error: { reason: string }) => error.reason;
    return [
      await xcom.pull({ tasks: "nobody" }).catch(reason),
      await xcom.pull({ tasks: "asks", runId: "run_77" }).catch(reason),
      await xcom.pull({ tasks: "asks", dagId: "other" }).catch(reason),
    ];
  });
  const done = await runDag(dag("refused", {}, () => asks()));
  expect(done.result).toEqual(["TASK_NOT_FOUND", "RUN_NOT_FOUND", "FIELD_INVALID"]);
});

test("values above 256 KiB go from task to task, and are mapped over", async () => {
  const make = task(function make() {
    return Array.from({ length: 3 }, (_, n) => `${n}`.repeat(300_000));
  });
  const length = task(function length(text: string) {
    return text.length;
  });
  const done = await runDag(dag("large", {}, () => length(each(make()))));
  expect(done.result).toEqual([300_000, 300_000, 300_000]);
});
