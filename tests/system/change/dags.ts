/** DAGs whose task instances a test clears and marks. */
import { existsSync } from "node:fs";
import { chain, dag, each, FailTask, sensor, setup, task } from "@millrace/sdk";
import { z } from "zod";

const list = task(function list(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
});
/** Odd ones fail until the file is there. */
const load = task(function load(index: number, file: string): number {
  if (index % 2 === 1 && !existsSync(file)) throw new FailTask(`${index} is odd`);
  return index * 10;
});
const sum = task(function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
});

const wideParams = z.object({ count: z.number().default(4), file: z.string() });
export const wide = dag("wide", { params: wideParams }, (run) =>
  sum(load(each(list(run.params.count)), run.params.file)),
);

const prepare = task(function prepare() {});
const check = task(function check(file: string): string {
  if (!existsSync(file)) throw new FailTask("the file is missing");
  return "checked";
});
const publish = task(function publish() {});

const params = z.object({ file: z.string() });
export const flow = dag("flow", { params }, (run) => {
  chain(prepare(), check(run.params.file), publish());
});

const make = task(function make() {});
const drop = task(function drop() {});
const hang = sensor({ mode: "reschedule", interval: "1h" }, function hang() {
  return false;
});
export const scoped = dag("scoped", {}, () => {
  setup(
    make(),
    () => drop(),
    () => {
      hang();
    },
  );
});
