/** What gives its slot back in Python: watched, resumed and told of there, its large values and XComs read in TypeScript. */
import { context, dag, externalCallback, externalTask, task } from "@millrace/sdk";

const queue = "python";
const told = externalCallback({ handler: "report", config: "told" });
const wait = externalTask<[word: string], number>({ handler: "wait", queue, onSuccess: told });
const waitAndGoOn = externalTask<[word: string], [number, { since: Date }, number]>({
  handler: "wait_and_go_on",
  queue,
});
const big = externalTask<[size: number], string>({ handler: "big", queue });
const pull = externalTask<[tasks: readonly string[], key: string], readonly unknown[][]>({
  handler: "pull",
  queue,
});
const measure = task(async function measure(
  sum: number,
  [came, { since }, tryNumber]: [number, { since: Date }, number],
  text: string,
  [pulled]: readonly unknown[][],
) {
  const again = await context().xcom.pull<string>({ tasks: "big" });
  const lengths = pulled?.map((value) => String(value).length);
  return [sum, came, since.getTime(), tryNumber, text.length, again.length, lengths];
});

export const waiting = dag("waiting", { params: { type: "object" } }, () => {
  const text = big(300_000);
  const pulled = pull(["big"], "return_value");
  pulled.after(text);
  return measure(wait("custom"), waitAndGoOn("custom"), text, pulled);
});
