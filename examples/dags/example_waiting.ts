/** Waiting without a slot: for people, for work that goes on elsewhere, and for time. */
import { approval, askInput, waitFor } from "@millrace/operators";
import { chain, context, dag, defer, task, trigger } from "@millrace/sdk";
import { z } from "zod";

type Trained = { score: number };

/** Hands its token to whoever does the work, here to whoever reads the log, and goes on with what they bring. */
const train = task(
  {
    retries: 1,
    resume: (event: Trained, state: { epochs: number }) => ({ ...event, epochs: state.epochs }),
  },
  async function train(epochs: number) {
    const token = await context().taskToken();
    context().log.info(`end it with: millrace tokens succeed ${token} --value '{"score":0.9}'`);
    return defer(trigger.token<Trained>(), { timeout: "1h", state: { epochs } });
  },
);

/** Something that is over after a while: what comes of it is the task's value, and no worker is needed for that. */
const rest = task(function rest() {
  return defer(trigger.after("1s"));
});

const publish = task(function publish({ score, epochs }: Trained & { epochs: number }): string {
  return `published after ${epochs} epochs with a score of ${score}`;
});

export default dag(
  "example_waiting",
  { tags: ["example"], params: z.object({ model: z.string().default("titanic") }) },
  () => {
    const wanted = askInput({
      id: "how_long",
      subject: "For how many epochs is {{ params.model }} to be trained?",
      schema: z.object({ epochs: z.int().min(1).max(100).default(10) }),
      defaults: { epochs: 10 },
      timeout: "5m",
    });
    const trained = train(wanted.get("epochs"));
    const released = approval({
      id: "release",
      subject: "Publish {{ params.model }} with a score of {{ data.score }}?",
      body: "It was trained on **{{ ds }}**. When nobody answers within five minutes, it is not published.",
      data: { score: trained.get("score") },
      timeout: "5m",
      onTimeout: "reject",
    });
    const published = publish(trained);
    chain(waitFor("0s"), rest(), released, published);
    return published;
  },
);
