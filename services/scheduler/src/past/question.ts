/** Asks the function of a task whether the past matters: once, and again only where it failed. */

import { Buffer } from "node:buffer";
import {
  retryDelayMs,
  taskStateName,
  type Failure,
  type PastOfTask,
  type PreviousRun,
} from "@millrace/engine";
import { apply } from "../apply.ts";
import type { Owner } from "../owner.ts";
import type { ActiveRun } from "../runs/run.ts";
import { pause } from "../clock.ts";

/** How long the function may take. */
const questionTimeoutMs = 30_000;

export type PastQuestionParts = {
  readonly run: ActiveRun;
  readonly ix: number;
  readonly previous: PreviousRun;
  /** The task, and those after it that count. */
  readonly taskIds: readonly string[];
};

/** Whether the past matters; null when nobody asks any more, or the task has failed for want of an answer. */
export async function askWhetherPastMatters(
  owner: Owner,
  parts: PastQuestionParts,
): Promise<boolean | null> {
  const { run, ix } = parts;
  const task = run.version.compiled.tasks[ix]!;
  for (let tryNumber = 1; ; tryNumber += 1) {
    const answer = await owner.calls.ask({
      dag: run.dag,
      version: run.version,
      handler: task.pastDecider ?? "",
      name: `dependsOnPast of ${task.id}`,
      args: argsOf(parts),
      timeoutMs: questionTimeoutMs,
      queue: task.kind === "bundle" ? task.queue : run.version.compiled.spec.callbackQueue,
    });
    if (run.isGone || answer.kind === "dropped") return null;
    const failure = answer.kind === "failed" ? answer.failure : null;
    const said = answer.kind === "value" ? booleanOf(answer.value) : null;
    if (said !== null) return said;
    const problem = failure ?? notABoolean(answer.kind === "value" ? answer.value : null);
    owner.log.warn(
      { dag_id: run.dagId, task_id: task.id, try: tryNumber, problem: problem.message },
      "past.undecided",
    );
    if (tryNumber > task.retries || !problem.retryable) {
      fail(owner, run, ix, problem);
      return null;
    }
    const seed = { dagId: run.dagId, logicalDate: run.facts.logicalAt, tryNumber };
    const delayMs = retryDelayMs(task, seed);
    await pause(owner.clock, delayMs);
    if (run.isGone) return null;
  }
}

function fail(owner: Owner, run: ActiveRun, ix: number, problem: Failure): void {
  const message = `The function that decides whether the past matters failed: ${problem.message}`;
  const failure = { ...problem, message, retryable: false };
  apply(owner, run, { kind: "pastUndecided", taskIx: ix, failure, at: owner.dbClock.now() });
}

/** A JSON array of one value in codec form. */
function argsOf({ run, previous, taskIds }: PastQuestionParts): string {
  const states = Object.fromEntries(taskIds.map((id) => [id, stateText(previous.of(id))]));
  const params = Buffer.from(run.params).toString();
  const facts = [
    `"logicalDate":${dateText(run.facts.logicalAt ?? 0)}`,
    `"params":${params === "" ? "{}" : params}`,
    `"previous":{"name":${JSON.stringify(previous.name)},"logicalDate":${dateText(previous.logicalDate)},"states":${JSON.stringify(states)}}`,
  ];
  return `[{${facts.join(",")}}]`;
}

function dateText(at: number): string {
  return JSON.stringify({ $: "date", v: new Date(at).toISOString() });
}

function stateText(past: PastOfTask): string | null {
  if (past === "absent") return null;
  return past === "fine" ? "success" : taskStateName(past.state);
}

function booleanOf(value: Uint8Array | null): boolean | null {
  const text = value === null ? "" : Buffer.from(value).toString();
  return text === "true" ? true : text === "false" ? false : null;
}

function notABoolean(value: Uint8Array | null): Failure {
  const text = value === null ? "nothing" : Buffer.from(value).toString().slice(0, 100);
  const message = `It answered ${text}; it must answer true or false.`;
  return {
    ...{ kind: "application", type: "NotABoolean", message, stack: "" },
    ...{ retryable: true, retryAfterMs: null },
  };
}
