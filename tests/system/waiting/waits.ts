/** One task for each way of waiting, and a worker's slot for each of them never. */
import { approval, askInput, fileSensor, httpSensor, waitFor } from "@millrace/operators";
import { branch, chain, choice, context, dag, defer, each, task, trigger } from "@millrace/sdk";
import { z } from "zod";

const train = task(
  { retries: 1, retryDelay: "1s", resume: (event: number, state: string) => `${state}: ${event}` },
  async function train() {
    context().xcom.push("token", await context().taskToken());
    return defer(trigger.token<number>(), { timeout: "1h", state: "trained" });
  },
);

const rows = task(async function rows() {
  context().xcom.push("token", await context().taskToken());
  return defer(trigger.token<number[]>(), { timeout: "1h" });
});

const add = task(function add(row: number) {
  return row + 1;
});

const size = branch(
  { resume: ({ body }: { body: unknown }) => (body === "big" ? "big" : "small") },
  function size(url: string) {
    return defer(trigger.http({ url, interval: "1s" }), { timeout: "1h" });
  },
);

const said = task(function said(what: string) {
  return what;
});

const params = z.object({ folder: z.string(), url: z.string(), port: z.int() });

export const waits = dag("waits", { params }, (run) => {
  train();
  add(each(rows()));
  choice(size(run.params.url)).cases({ big: () => said("big"), small: () => said("small") });
  const answer = askInput({
    id: "copies",
    subject: "How many?",
    schema: z.object({ copies: z.int(), kind: z.string().default("paper") }),
  });
  chain(
    approval({ id: "release", subject: "Print {{ data.n }}?", data: { n: answer.get("copies") } }),
    said("printed"),
  );
  fileSensor(run.params.folder, { mode: "defer", interval: "1s", timeout: "1h" });
  httpSensor({
    url: "http://127.0.0.1:{{ params.port }}/job",
    interval: "1s",
    until: { path: "state", equals: "done" },
  });
  waitFor("1s");
});

/** What nothing comes for. */
const where = { params: z.object({ folder: z.string() }), maxActiveRuns: 20 };
export const patient = dag("patient", where, (run) => {
  fileSensor(run.params.folder, { mode: "defer", interval: "1s", timeout: "1h" });
});

export const hasty = dag("hasty", {}, () => {
  fileSensor("/nowhere/at/all", { mode: "defer", timeout: "1s", softFail: true });
  task({ id: "fails" }, () => defer(trigger.token(), { timeout: "1s" }))();
  askInput({
    id: "asks",
    subject: "?",
    schema: z.object({ n: z.int() }),
    defaults: { n: 7 },
    timeout: "1s",
  });
});
