/** Why a run in memory cannot go on by itself. */

import type { InstanceRef, Run } from "@millrace/engine";
import { deferralOf, eachInstance, MillraceError } from "@millrace/engine";
import { waitSummary } from "@millrace/sdk/spec";
import type { Sources } from "./values.ts";

/** Waiting tasks that a message shows. */
const shownTasks = 5;

/** What to throw when nothing is left that time brings, and the run is not final. */
export function nobodyAnswers({ run, records }: Pick<Sources, "run" | "records">): MillraceError {
  const waiting = waitingForSomebody(run);
  if (waiting.length === 0)
    return new MillraceError(
      "INTERNAL",
      "The run waits for nothing and is not over; this is a fault in Millrace.",
    );
  const said = waiting.slice(0, shownTasks).map(({ ix, mapIx }) => {
    const name = `${run.dag.taskIds[ix]}${mapIx < 0 ? "" : `[${mapIx}]`}`;
    const trigger = records.peek({ ix, mapIx }).wait?.order.trigger;
    if (trigger?.kind === "input") return `${name} for an answer to "${trigger.form.subject}"`;
    if (trigger?.kind === "runs") return `${name} for ${waitSummary(trigger.wait)}`;
    return trigger?.kind === "watch"
      ? `${name} for ${trigger.summary}`
      : `${name} for its task token`;
  });
  const more = waiting.length > said.length ? `, and ${waiting.length - said.length} more` : "";
  const waits = `${said.join(", ")}${more}`;
  const [first] = waiting;
  const id = run.dag.taskIds[first!.ix]!;
  return new MillraceError(
    "NOBODY_ANSWERS",
    `The run of DAG "${run.dag.spec.dagId}" waits for what time does not bring: ${waits}. Say what comes with the option ` +
      `events, such as { events: { ${id}: ok(…) } }; or lead the run with startDag, and use answer, completeToken and fire.`,
    { metadata: { dagId: run.dag.spec.dagId, waits } },
  );
}

/** Instances whose waits time alone does not end. */
function waitingForSomebody(run: Run): InstanceRef[] {
  const found: InstanceRef[] = [];
  eachInstance(run, (_, ix, mapIx) => {
    const deferral = deferralOf(run, { ix, mapIx });
    if (deferral !== null && deferral.kind !== "time") found.push({ ix, mapIx });
  });
  return found;
}
