/** DAGs whose tasks other languages implement. */
import { dag, externalTask, task } from "@millrace/sdk";

const hold = externalTask<[folder: string], string>({ handler: "hold", queue: "python" });

export const held = dag("held", { params: { type: "object" } }, (run) => {
  hold(run.params["folder"] as never);
});

const fetchText = task(function fetch_text() {
  return { text: "to be or not to be" };
});
const countWords = externalTask<[text: string], number>({ handler: "word_count" });
const double = task(function double(count: number) {
  return count * 2;
});

export const words = dag("words", {}, () => {
  double(countWords(fetchText().get("text")));
});
