/**
 * TypeScript feeds Python feeds TypeScript. The task in the middle is a function of examples/python/score_model.py; a
 * Python worker runs it:
 *
 *     pip install ./clients/python
 *     python -m millrace examples/python/score_model.py --queue python
 *
 * Until one is there, the task waits, and `explain` says that no worker serves the queue "python".
 */
import { context, dag, externalTask, task } from "@millrace/sdk";

type Customer = { id: number; since: Date; spent: number };
type Scores = { model: string; scoredAt: Date; scores: Map<number, number> };

const collect = task(function collect(day: string): Customer[] {
  context().log.info("collecting customers", { day });
  return Array.from({ length: 20 }, (_, index) => ({
    id: index + 1,
    since: new Date(Date.UTC(2015 + (index % 10), index % 12, 1)),
    spent: (index * 137) % 1000,
  }));
});

const score = externalTask<[customers: Customer[]], Scores>({
  handler: "score_model",
  queue: "python",
  retries: 2,
  retryDelay: "10s",
  executionTimeout: "5m",
});

const pickBest = task(function pick_best(customers: Customer[], { model, scores }: Scores) {
  const best = customers
    .map(({ id, spent }) => ({ id, spent, score: scores.get(id) ?? 0 }))
    .toSorted((one, other) => other.score - one.score)
    .slice(0, 3);
  context().log.info("picked", { model, ids: best.map(({ id }) => id) });
  return best;
});

export default dag("polyglot", { tags: ["example", "python"] }, (run) => {
  const customers = collect(run.ds);
  pickBest(customers, score(customers));
});
