/** Asks the server for a run of another DAG. */

import { runStateName, type RunState } from "@millrace/engine";
import { timestampOf } from "@millrace/wire";
import { IfRunExists, IfRunMade, TriggerOutcome, WorkerService } from "@millrace/wire/worker";
import type { TriggeredRun, TriggerRequest } from "../across/trigger-request.ts";
import type { Connection } from "./connection.ts";
import type { Answer } from "./messages.ts";
import type { ref } from "./session-keeper.ts";

const ifExists = {
  fail: IfRunExists.FAIL,
  clear: IfRunExists.CLEAR,
  use: IfRunExists.USE,
} as const;

const ifMade = { continue: IfRunMade.CONTINUE, another: IfRunMade.ANOTHER } as const;

const outcomes: ReadonlyMap<TriggerOutcome, TriggeredRun["outcome"]> = new Map([
  [TriggerOutcome.MADE, "made"],
  [TriggerOutcome.EXISTS, "exists"],
  [TriggerOutcome.CLEARED, "cleared"],
  [TriggerOutcome.USED, "used"],
  [TriggerOutcome.CONTINUED, "continued"],
]);

/** The same request id each time it is asked for: however often that is, one run is made. */
export async function triggered(
  connection: Connection,
  about: { readonly session: ReturnType<typeof ref>; readonly attemptId: string },
  request: TriggerRequest,
  requestId: string,
): Promise<Answer> {
  const { dagId, params, logicalDate, note, maxDepth } = request;
  const answer = await connection.call(WorkerService.method.triggerDagRun, {
    ...about,
    ...{ dagId, note, maxDepth, requestId },
    params: { data: Uint8Array.from(params) },
    logicalDate: timestampOf(logicalDate),
    ifExists: ifExists[request.ifExists],
    ifMade: ifMade[request.ifMade],
  });
  const { runId, runName, outcome, state } = answer;
  return {
    kind: "triggered",
    run: {
      runId,
      runName,
      outcome: outcomes.get(outcome) ?? "made",
      state: runStateName(state as RunState),
    },
  };
}
