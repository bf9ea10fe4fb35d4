/** Callbacks: what is done when a task or a run ends in a certain way. */
import { slack, webhook } from "@millrace/operators";
import {
  context,
  dag,
  FailTask,
  notifier,
  SkipTask,
  task,
  type CallbackEvent,
} from "@millrace/sdk";
import { z } from "zod";

/** A function is a callback; what it logs stands in the worker's log. */
function note({ event, task, failure }: CallbackEvent): void {
  context().log.info(`${task?.id ?? "the run"}: ${event}`, { failure: failure?.message });
}

/** So is a notifier: a function with settings, which stand in the DAG's definition. */
const noteFor = (team: string) =>
  notifier("note", { team }, ({ event, run }, { team: who }) => {
    context().log.info(`${who}: a run of ${run.dagId} ended`, { event });
  });

const fetchRows = task(
  { retries: 1, retryDelay: "1s", onRetry: note },
  function fetch_rows(rows: number) {
    if (context().attempt.number === 1) throw new Error("the first try never works");
    return rows;
  },
);

const load = task({ onSuccess: note, onSkipped: note }, function load(rows: number) {
  if (rows === 0) throw new SkipTask("there is nothing to load");
  if (rows < 0) throw new FailTask(`${rows} rows cannot be`);
  return rows;
});

export default dag(
  "example_callbacks",
  {
    tags: ["example"],
    params: z.object({ rows: z.int().default(5) }),
    // Who is told is decided where workers run: they have these addresses in their environment.
    defaults: { onFailure: [note, webhook({ url: { env: "ALERTS_URL" } })] },
    onSuccess: noteFor("data"),
    onFailure: slack({ webhookUrl: { env: "SLACK_WEBHOOK_URL" } }),
  },
  (run) => load(fetchRows(run.params.rows)),
);
