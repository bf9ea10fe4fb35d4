/** What happens inside of a run, over two languages: mapping, a branch whose value is merged, a sensor. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { branch, choice, dag, done, each, externalTask, sensor, task } from "@millrace/sdk";

type Row = { readonly name: string; readonly n: number };

const listRows = task(function list_rows() {
  const rows: Row[] = [
    { name: "ada", n: 1 },
    { name: "bob", n: 2 },
    { name: "cyd", n: 3 },
  ];
  return { rows };
});
const echo = externalTask<[row: Row], Row>({
  handler: "echo",
  queue: "python",
  mapIndexTemplate: "{{ item.name }} of {{ params.region }}",
});
const total = task(function total(rows: readonly Row[]) {
  return rows.reduce((sum, { n }) => sum + n, 0);
});
const route = branch(function route(sum: number) {
  return sum > 5 ? "big" : "small";
});
const split = task(function split(sum: number) {
  return `split ${sum}`;
});
const copy = task(function copy(sum: number) {
  return `copied ${sum}`;
});
const waitForFile = sensor(
  { mode: "reschedule", interval: "1s", timeout: "1m" },
  function wait_for_file(folder: string) {
    const file = path.join(folder, "found");
    return existsSync(file) ? done(readFileSync(file, "utf8")) : false;
  },
);
const report = task(function report(text: string, found: string) {
  return `${text}: ${found}`;
});

export const inside = dag("inside", { params: { type: "object" } }, (run) => {
  const sum = total(echo(each(listRows().get("rows"))));
  const text = choice(route(sum)).cases({ big: () => split(sum), small: () => copy(sum) });
  report(text, waitForFile(run.params["folder"] as never));
});
