/** A mapped group: several tasks for each element, each of which goes on as soon as its own part before it is done. */
import { context, dag, each, group, task } from "@millrace/sdk";

const listFiles = task(function list_files(day: string): string[] {
  return ["orders", "returns", "visits"].map((name) => `${name}-${day}.csv`);
});

const download = task({ retries: 2, retryDelay: "10s" }, function download(file: string) {
  context().log.info("downloading", { file });
  return { file, rows: file.length };
});

const count = task(function count({ rows }: { rows: number }): number {
  return rows;
});

const report = task(function report(counts: readonly number[]): number {
  return counts.reduce((sum, rows) => sum + rows, 0);
});

export default dag("example_task_group_mapping", { tags: ["example"] }, (run) => {
  const counts = group("file", each(listFiles(run.ds)), (file) => count(download(file)));
  return report(counts); // outside, the group's result is the list of all
});
