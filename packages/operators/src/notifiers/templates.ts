/** What templates of notifiers may say, and how it is said by default. */

import { MillraceError, context, type CallbackDeadline, type CallbackEvent } from "@millrace/sdk";
import type { Liquid } from "liquidjs";
import { limitedLiquid } from "../liquid.ts";

/** How values are written where they could mean something to the reader. */
export type Escape = "none" | "html" | "slack";

const engines: Readonly<Record<Escape, Liquid>> = {
  none: limitedLiquid(),
  html: limitedLiquid("escape"),
  slack: limitedLiquid((value) => slackText(textOf(value))),
};

/** Slack reads these three as its own (`<!channel>` calls everybody). */
export function slackText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/**
 * Refuses a template that cannot be read, while the DAG is compiled.
 *
 * @param what names it, such as "slack: text".
 * @throws MillraceError DAG_INVALID
 */
export function checkTemplate(template: string, what: string): void {
  try {
    engines.none.parse(template);
  } catch (error) {
    throw new MillraceError("DAG_INVALID", `${what} is no Liquid template: ${String(error)}`, {
      cause: error,
    });
  }
}

/** @throws Error for an unknown variable or filter, and over a limit. */
export function render(template: string, event: CallbackEvent, escape: Escape): string {
  return engines[escape].parseAndRenderSync(template, variablesOf(event)) as string;
}

/** Under the names that commands have for them. What there is not is empty, -1 or 0, never missing. */
function variablesOf(event: CallbackEvent): Record<string, unknown> {
  const { run, task, failure, deadline } = event;
  return {
    title: titleOf(event),
    event: event.event,
    dag_id: run.dagId,
    run_id: run.name,
    run_key: run.id,
    run_type: run.type,
    run_state: event.runState,
    task_id: task?.id ?? "",
    map_index: task?.mapIndex ?? -1,
    try_number: event.tryNumber ?? 0,
    ds: run.ds,
    ts: run.ts,
    logical_date: run.logicalDate?.toISOString() ?? "",
    happened_at: event.happenedAt.toISOString(),
    delivery_try: event.deliveryTry,
    failure: failure ?? { kind: "", type: "", message: "", stack: "" },
    deadline: {
      name: deadline?.name ?? "",
      due_at: deadline?.dueAt.toISOString() ?? "",
      estimated_end_at: deadline?.estimatedEndAt?.toISOString() ?? "",
      critical_task_ids: deadline?.criticalTaskIds ?? [],
    },
    params: context().params,
  };
}

const ofTasks = {
  success: "succeeded",
  failure: "failed",
  retry: "failed and is tried again",
  skipped: "skipped itself",
  deadline_missed: "missed a deadline",
  deadline_at_risk: "is expected to miss a deadline",
} as const satisfies Record<CallbackEvent["event"], string>;

/** One line: "Task load[3] of etl failed". */
export function titleOf({ event, run, task }: CallbackEvent): string {
  if (task === null) return `Run of ${run.dagId} ${ofTasks[event]}`;
  const index = task.mapIndex === null ? "" : `[${task.mapIndex}]`;
  return `Task ${task.id}${index} of ${run.dagId} ${ofTasks[event]}`;
}

/** What happened as lines of facts, for people. */
export function factsOf(event: CallbackEvent): [name: string, value: string][] {
  const { run, task, tryNumber, deadline, happenedAt } = event;
  const facts: [string, string][] = [
    ["DAG", run.dagId],
    ["Run", run.name],
  ];
  if (task !== null) {
    facts.push(["Task", `${task.id}${task.mapIndex === null ? "" : `[${task.mapIndex}]`}`]);
    if (tryNumber !== null) facts.push(["Try", String(tryNumber)]);
  }
  if (deadline !== null) facts.push(...factsOfDeadline(deadline));
  facts.push(["At", happenedAt.toISOString()]);
  return facts;
}

function factsOfDeadline(deadline: CallbackDeadline): [name: string, value: string][] {
  const { name, dueAt, estimatedEndAt, criticalTaskIds } = deadline;
  const facts: [string, string][] = [["Deadline", `${name}: ${dueAt.toISOString()}`]];
  if (estimatedEndAt !== null) facts.push(["Estimated end", estimatedEndAt.toISOString()]);
  if (criticalTaskIds.length > 0) facts.push(["Because of", criticalTaskIds.join(", ")]);
  return facts;
}

/** "Error: no such table"; empty when nothing failed. */
export function failureLine({ failure }: CallbackEvent): string {
  if (failure === null) return "";
  return failure.type === "" ? failure.message : `${failure.type}: ${failure.message}`;
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
