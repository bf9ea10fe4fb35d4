/** The sentences of `explain` about what a task that gave its slot back waits for. */

import { externalReasons } from "../external/external-reasons.ts";
import type { Limits } from "./limits.ts";
import type { Reason } from "./reasons.ts";
import { dispatching, noSlot, plain } from "./reasons.ts";
import type { Deferral, InstanceRef, Run } from "../run/run.ts";
import { spanText } from "./span-text.ts";
import { deadlineOf, waitOf } from "../run/waits.ts";

/** What a triggerer announces to watch for this handler, and the line in which such waits stand. */
export function triggerHandler(handler: string): string {
  return `trigger/${handler}`;
}

/** What it waits for and, for a watch that nobody holds, why nobody does. */
export function deferralReasons(run: Run, ref: InstanceRef, limits: Limits): Reason[] {
  const wait = waitOf(run, ref);
  // Of a row that does not say what it waits for; whoever knows may end it.
  if (wait === null) return [plain("deferred", "It gave its slot back and waits.")];
  const { deferral } = wait;
  const until = deferral.until ?? deadlineOf(wait);
  if (deferral.kind === "input") return [{ ...awaitingInput(deferral, limits), until }];
  if (deferral.external !== null)
    return externalReasons(deferral.external, ref, limits).map((reason) => ({ ...reason, until }));
  const triggerer = deferral.kind === "watch" ? limits.triggererOf(ref) : null;
  const reason = { ...deferred(deferral, triggerer, limits), until };
  if (deferral.kind !== "watch" || triggerer !== null) return [reason];
  return [reason, unwatched(run, ref, deferral, limits)];
}

function deferred(deferral: Deferral, triggerer: string | null, limits: Limits): Reason {
  const { kind, handler, summary } = deferral;
  const evidence = {
    for: kind,
    ...(summary === "" ? {} : { summary }),
    ...(handler === null ? {} : { handler }),
    ...(triggerer === null ? {} : { triggerer }),
  };
  const what = `It gave its slot back and waits ${waitText(deferral, triggerer, limits)}`;
  return plain("deferred", `${what}${limitText(deferral, limits)}.`, evidence);
}

function waitText(deferral: Deferral, triggerer: string | null, limits: Limits): string {
  const { kind, until, handler, summary } = deferral;
  const about = summary === "" ? "" : ` (${summary})`;
  if (kind === "time") {
    if (until === null) return `for a moment${about}`;
    return `until ${new Date(until).toISOString()}, in ${spanText(until - limits.now)}${about}`;
  }
  if (kind === "token") return `for whoever has its task token${about}`;
  const watcher = triggerer === null ? "" : `, which ${triggerer} watches`;
  return `for ${summary === "" ? `what "${handler}" watches` : summary}${watcher}`;
}

function limitText({ timeoutAt }: Deferral, limits: Limits): string {
  return timeoutAt === null ? "" : `; at most ${spanText(timeoutAt - limits.now)} more`;
}

function awaitingInput(deferral: Deferral, limits: Limits): Reason {
  const { summary, assignees } = deferral;
  const who = assignees.length === 0 ? "a person" : assignees.join(" or ");
  const message = `It waits for ${who} to answer "${summary}"${limitText(deferral, limits)}.`;
  return plain("awaiting_input", message, {
    subject: summary,
    ...(assignees.length === 0 ? {} : { assignees: assignees.join(", ") }),
  });
}

function unwatched(run: Run, { ix }: InstanceRef, { handler }: Deferral, limits: Limits): Reason {
  const { queue } = run.dag.tasks[ix]!;
  const line = triggerHandler(handler ?? "");
  const offer = limits.slots(queue, line);
  if (offer.state !== "free") return noSlot(queue, line, offer);
  const { kind, message } = dispatching("A triggerer is about to watch it.");
  return plain(kind, message, { queue, handler: line });
}
