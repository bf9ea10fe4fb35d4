/** A branch: each order goes one of three ways, and whichever it went, what came of it is filed. */
import { branch, choice, context, dag, task } from "@millrace/sdk";
import { z } from "zod";

type Order = { id: number; amount: number };
type Outcome = { order: number; how: string };

const receive = task(function receive(amount: number): Order {
  return { id: 7, amount };
});

/** The type of what it returns is the list of the cases: one that is missing below does not compile. */
const assess = branch(function assess({ amount }: Order) {
  if (amount <= 0) return "nothing";
  return amount > 1000 ? "review" : "ship";
});

const askSomebody = task(function ask_somebody({ id }: Order) {
  return { order: id, by: "Ada" };
});

const review = task(function review(answer: { order: number; by: string }): Outcome {
  return { order: answer.order, how: `reviewed by ${answer.by}` };
});

const ship = task(function ship({ id }: Order): Outcome {
  return { order: id, how: "shipped at once" };
});

/** After a branch: it waits for the cases that were taken, and gets the value of the one that was. */
const file = task(function file(outcome: Outcome | undefined): string {
  const text = outcome === undefined ? "nothing to do" : `${outcome.order}: ${outcome.how}`;
  context().log.info(text);
  return text;
});

export default dag(
  "example_branch",
  { tags: ["example"], params: z.object({ amount: z.number().default(20) }) },
  (run) => {
    const order = receive(run.params.amount);
    const outcome = choice(assess(order)).cases({
      review: () => review(askSomebody(order)),
      ship: () => ship(order),
      nothing: () => {},
    });
    return file(outcome);
  },
);
