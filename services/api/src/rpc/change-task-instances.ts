import { principalLabel, type Call, type Handler } from "@millrace/service";
import {
  ClearTaskInstancesRequestSchema,
  ClearTaskInstancesResponseSchema,
  MarkTaskInstancesRequestSchema,
  MarkTaskInstancesResponseSchema,
  TaskState,
  type InstanceSelection,
  type TaskInstanceService,
} from "@millrace/wire/v1";
import type { RequestKey } from "@millrace/db";
import type { ApiContext } from "../context.ts";
import { clearMarked } from "../external-clears.ts";
import { fieldInvalid } from "../fields.ts";
import { changeRuns, type Asked, type ChangeAsked, type Changed } from "../instance-changes.ts";
import { apiLimits } from "../limits.ts";
import { onceByOwners, partId } from "../owner-answers.ts";
import { runsMeant, type RunRef, type RunsAsked } from "../runs-meant.ts";
import { enumField } from "./read-dag-runs.ts";

const clear = {
  input: ClearTaskInstancesRequestSchema,
  output: ClearTaskInstancesResponseSchema,
};
const mark = { input: MarkTaskInstancesRequestSchema, output: MarkTaskInstancesResponseSchema };

export function clearTaskInstances(
  context: ApiContext,
): Handler<typeof TaskInstanceService.method.clearTaskInstances> {
  return async (request, call) => {
    const selection = selectionField(request.selection);
    const steps = stepsOf(context, call, request, { kind: "clearInstances", selection });
    if (request.dryRun) return steps.tryOut();
    return onceByOwners(context, call, request, { schemas: clear, ...steps });
  };
}

/** What can be said of a task instance. */
const outcomes: readonly TaskState[] = [TaskState.SUCCESS, TaskState.FAILED, TaskState.SKIPPED];

export function markTaskInstances(
  context: ApiContext,
): Handler<typeof TaskInstanceService.method.markTaskInstances> {
  return async (request, call) => {
    const { state } = request;
    if (!outcomes.includes(state))
      throw fieldInvalid("state", "must be SUCCESS, FAILED or SKIPPED.");
    const selection = selectionField(request.selection);
    const steps = stepsOf(context, call, request, { kind: "markInstances", selection, state });
    if (request.dryRun) return steps.tryOut();
    return onceByOwners(context, call, request, { schemas: mark, ...steps });
  };
}

type Answer = Pick<Changed, "affected" | "affectedCount">;

type Steps = {
  prepare(): Promise<RunRef[]>;
  act(runs: readonly RunRef[], key: RequestKey): Promise<Answer>;
  /** Changes nothing; needs no request id, and leaves none. */
  tryOut(): Promise<Answer>;
};

function stepsOf(context: ApiContext, call: Call, request: RunsAsked, asked: Asked): Steps {
  const prepare = (): Promise<RunRef[]> => runsMeant(context, request);
  const principal = principalLabel(call.principal);
  return {
    prepare,
    async act(runs, key) {
      const all = {
        ...asked,
        principal,
        bodyHash: key.bodyHash,
        requestIdFor: (runKey: number) => partId(key, runKey),
        isDryRun: false,
      };
      const changed = await changeEverywhere(context, call, runs, all);
      call.log.info(
        {
          run_id: request.runId,
          runs: runs.length,
          affected: changed.affectedCount,
          method: call.method,
        },
        "task_instances.changed",
      );
      return changed;
    },
    async tryOut() {
      const runs = await prepare();
      const nobody = { bodyHash: new Uint8Array(), requestIdFor: () => "" };
      const all = { ...asked, principal, ...nobody, isDryRun: true };
      return changeEverywhere(context, call, runs, all);
    },
  };
}

/** Of these runs, and of those of other DAGs that a clear goes on to. */
async function changeEverywhere(
  context: ApiContext,
  call: Call,
  runs: readonly RunRef[],
  asked: ChangeAsked,
): Promise<Answer> {
  const changed = await changeRuns(context, call, runs, asked);
  return clearMarked(context, call, changed, asked);
}

/** @throws MillraceError FIELD_INVALID */
function selectionField(selection: InstanceSelection | undefined): InstanceSelection | undefined {
  if (selection === undefined) return undefined;
  const { instances } = selection;
  if (instances.length > apiLimits.selectionMax) {
    const what = `has ${instances.length} entries; the limit is ${apiLimits.selectionMax}.`;
    throw fieldInvalid("selection.instances", what);
  }
  for (const { taskId } of instances)
    if (taskId === "")
      throw fieldInvalid("selection.instances.task_id", "is empty; say which task.");
  enumField("selection.states", selection.states, TaskState);
  return selection;
}
