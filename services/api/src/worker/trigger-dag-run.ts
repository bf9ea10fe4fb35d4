/** Runs of other DAGs that attempts ask for: one an attempt, and found again by those that come after it. */

import { createHash } from "node:crypto";
import {
  getDags,
  giveUpTriggered,
  listExternalRuns,
  readTriggerChain,
  readTriggerState,
  takeTriggered,
  type RunParent,
  type TriggerState,
} from "@millrace/db";
import { isMillraceError, MillraceError, RunState, shardOf, TaskState } from "@millrace/engine";
import type { Call, Handler } from "@millrace/service";
import { runIdOf } from "@millrace/wire";
import { TaskState as WireTaskState } from "@millrace/wire/v1";
import {
  IfRunExists,
  IfRunMade,
  TriggerOutcome,
  type TriggerDagRunRequest,
  type TriggerDagRunResponseSchema,
  type WorkerService,
} from "@millrace/wire/worker";
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  dagIdField,
  dagNotFound,
  fieldInvalid,
  requestIdField,
  shown,
  textField,
} from "../fields.ts";
import { changeRuns } from "../instance-changes.ts";
import { apiLimits, workerLimits } from "../limits.ts";
import { compileParamsSchema, completeParams } from "../params.ts";
import { logicalDateField, runKeyIn } from "../rpc/trigger-dag-run.ts";
import { readRunHead, type RunHead } from "../run-heads.ts";
import type { WorkerContext } from "./context.ts";
import { requireHeldAttempt } from "./held-attempt.ts";

type Answer = MessageInitShape<typeof TriggerDagRunResponseSchema>;

/** What is asked for, checked. */
type Asked = {
  readonly dagId: string;
  readonly params: Uint8Array | null;
  readonly logicalAt: number | null;
  readonly note: string;
  readonly ifExists: IfRunExists;
  readonly isAnother: boolean;
  readonly maxDepth: number;
};

/** Who asks: as it will be kept, but for how deep the new run will lie. */
type Asker = Omit<RunParent, "depth"> & { readonly attemptId: string };

export function triggerDagRunOf(
  context: WorkerContext,
): Handler<typeof WorkerService.method.triggerDagRun> {
  return async (request, call) => {
    const session = await context.sessions.require(request.session);
    const asked = checked(request);
    const asker = await askerOf(context, session, request.attemptId, asked.dagId);
    const before = await readTriggerState(context.db, asker, asked.dagId);
    const answer = await answerFor(context, call, { asked, asker, before });
    call.log.info(
      {
        run_id: answer.runId,
        dag_id: asked.dagId,
        parent_dag_id: asker.dagId,
        outcome: answer.outcome,
      },
      "run.triggered_by_task",
    );
    return answer;
  };
}

/** @throws MillraceError FIELD_INVALID, DAG_NOT_FOUND */
function checked(request: TriggerDagRunRequest): Asked {
  requestIdField(request.requestId);
  const { maxDepth, ifExists, ifMade } = request;
  if (!Number.isInteger(maxDepth) || maxDepth < 0 || maxDepth > workerLimits.triggerDepthMax)
    throw fieldInvalid(
      "max_depth",
      `is ${maxDepth}; write 0 for ${workerLimits.triggerDepth}, or 1 to ${workerLimits.triggerDepthMax}.`,
    );
  if (!Object.values<number>(IfRunExists).includes(ifExists))
    throw fieldInvalid("if_exists", `is ${ifExists}; write FAIL, CLEAR or USE.`);
  if (!Object.values<number>(IfRunMade).includes(ifMade))
    throw fieldInvalid("if_made", `is ${ifMade}; write CONTINUE or ANOTHER.`);
  return {
    dagId: dagIdField(request.dagId),
    params: request.params?.data ?? null,
    logicalAt: logicalDateField(request.logicalDate),
    note: textField("note", request.note, apiLimits.noteLength),
    ifExists,
    isAnother: ifMade === IfRunMade.ANOTHER,
    maxDepth: maxDepth === 0 ? workerLimits.triggerDepth : maxDepth,
  };
}

/**
 * The task whose body runs this very attempt; what was cleared meanwhile asks for nothing any more.
 *
 * @throws MillraceError ATTEMPT_UNKNOWN, TRIGGER_NOT_DECLARED
 */
async function askerOf(
  context: WorkerContext,
  session: Parameters<typeof requireHeldAttempt>[1],
  attemptId: string,
  dagId: string,
): Promise<Asker> {
  const { ref, holder } = await requireHeldAttempt(context, session, attemptId);
  if (ref.of !== "body" || holder.state !== TaskState.running)
    throw new MillraceError("ATTEMPT_UNKNOWN");
  const { dag } = await context.versions.get(holder.dag_version_id);
  const task = dag.tasks[ref.ix];
  if (task === undefined) throw new MillraceError("ATTEMPT_UNKNOWN");
  if (!task.triggersDagIds.includes(dagId))
    throw new MillraceError(
      "TRIGGER_NOT_DECLARED",
      `Task "${task.id}" of DAG "${holder.dag_id}" wants to trigger ${shown(dagId)}, which it does not say; add it to the task's option triggers.`,
      { metadata: { dag_id: dagId, task_id: task.id } },
    );
  const { runKey, ix, mapIx, attempt } = ref;
  return { runKey, ix, mapIx, attempt, dagId: holder.dag_id, taskId: task.id, attemptId };
}

type Question = { readonly asked: Asked; readonly asker: Asker; readonly before: TriggerState };

async function answerFor(context: WorkerContext, call: Call, question: Question): Promise<Answer> {
  const { asked, asker, before } = question;
  // A later attempt is at it: what this one does counts no more.
  if (before.attempt !== null && before.attempt > asker.attempt)
    throw new MillraceError("ATTEMPT_UNKNOWN");
  let { generation } = before;
  const made = runIn(before);
  if (made !== null && before.attempt === asker.attempt)
    return answerWith(made, TriggerOutcome.MADE);
  if (made !== null && !asked.isAnother) return goOn(context, call, asker, made);
  if (before.attempt !== null) {
    await giveUpTriggered(context.db, asker, asked.dagId, asker.attempt + 1);
    generation += 1;
  }
  const depth = before.depth + 1;
  if (depth > asked.maxDepth) throw await tooDeep(context, asker, asked);
  const parent: RunParent = { ...asker, depth };
  try {
    return await make(context, call, { asked, asker, parent, generation });
  } catch (error) {
    if (!isMillraceError(error) || error.reason !== "LOGICAL_DATE_TAKEN") throw error;
    return takeExisting(context, call, { asked, asker, parent });
  }
}

function runIn({ run_id, run_name, state, shard }: TriggerState): RunHead | null {
  if (run_id === null || run_name === null || state === null || shard === null) return null;
  return { id: run_id, run_name, state, shard };
}

function answerWith({ id, run_name, state }: RunHead, outcome: TriggerOutcome): Answer {
  return { runId: runIdOf(id), runName: run_name, outcome, state };
}

/** What an earlier attempt made: what failed in it runs again. */
async function goOn(
  context: WorkerContext,
  call: Call,
  asker: Asker,
  run: RunHead,
): Promise<Answer> {
  if (run.state !== RunState.failed) return answerWith(run, TriggerOutcome.CONTINUED);
  const failed = [WireTaskState.FAILED, WireTaskState.UPSTREAM_FAILED];
  const count = await clear(context, call, asker, run, { what: "failed", states: failed });
  // Cancelled, or out of time: no task is to blame.
  if (count === 0) await clear(context, call, asker, run, { what: "all", states: [] });
  return answerWith({ ...run, state: RunState.queued }, TriggerOutcome.CONTINUED);
}

/** The same attempt clears once, however often it asks. */
async function clear(
  context: WorkerContext,
  { signal }: Call,
  asker: Asker,
  run: RunHead,
  { what, states }: { readonly what: string; readonly states: readonly WireTaskState[] },
): Promise<number> {
  const { affectedCount } = await changeRuns(context, { signal }, [run], {
    kind: "clearInstances",
    selection: {
      $typeName: "millrace.v1.InstanceSelection",
      ...{ instances: [], upstream: false, downstream: false, states: [...states] },
    },
    principal: principalOf(asker),
    bodyHash: hashOf(what),
    requestIdFor: () => `${asker.attemptId}/${what}`,
    isDryRun: false,
  });
  return affectedCount;
}

async function make(
  context: WorkerContext,
  { signal }: Call,
  {
    asked,
    asker,
    parent,
    generation,
  }: Omit<Question, "before"> & { readonly parent: RunParent; readonly generation: number },
): Promise<Answer> {
  const [head] = await getDags(context.db, [asked.dagId]);
  if (head === undefined) throw dagNotFound(asked.dagId);
  const { spec } = await context.versions.get(head.dag_version_id);
  const params = completeParams(asked.params, compileParamsSchema(spec.paramsSchema));
  const { runKey, ix, mapIx } = parent;
  const reply = await context.commands.send(
    shardOf(asked.dagId),
    {
      principal: principalOf(asker),
      // Of the task instance, not of the attempt: two that ask at the same time get the same run.
      requestId: `${runIdOf(runKey)}/${ix}/${mapIx}/${generation}`,
      bodyHash: hashOf(asked.dagId),
      command: {
        case: "triggerRun",
        value: {
          dagId: asked.dagId,
          params,
          note: asked.note,
          parent: {
            ...{ runKey: BigInt(runKey), taskIx: ix, mapIndex: mapIx, attempt: parent.attempt },
            ...{ depth: parent.depth, dagId: parent.dagId, taskId: parent.taskId },
          },
          ...(asked.logicalAt === null ? {} : { logicalDateMs: BigInt(asked.logicalAt) }),
        },
      },
    },
    { signal },
  );
  return answerWith(await readRunHead(context.db, runKeyIn(reply)), TriggerOutcome.MADE);
}

/** The DAG has a run with the date that is asked for. */
async function takeExisting(
  context: WorkerContext,
  call: Call,
  { asked, asker, parent }: Omit<Question, "before"> & { readonly parent: RunParent },
): Promise<Answer> {
  const { dagId, ifExists, logicalAt } = asked;
  const [row] = await listExternalRuns(context.db, [{ at: 0, dagId, logicalAt: logicalAt ?? 0 }]);
  // Deleted since; whoever asks again makes one.
  if (row === undefined) throw new MillraceError("UNAVAILABLE");
  const run: RunHead = { ...row, shard: shardOf(dagId) };
  if (ifExists !== IfRunExists.CLEAR && ifExists !== IfRunExists.USE)
    return answerWith(run, TriggerOutcome.EXISTS);
  const above = await readTriggerChain(context.db, asker.runKey, workerLimits.triggerDepthMax);
  if ([asker.runKey, ...above.map(({ run_id }) => run_id)].includes(run.id))
    throw new MillraceError(
      "TRIGGER_TOO_DEEP",
      `Task "${asker.taskId}" would take run ${run.run_name} of DAG "${dagId}" for one that it triggers, but is itself a part of what that run triggered; give it another logical date.`,
      { metadata: { dag_id: dagId, run_id: runIdOf(run.id) } },
    );
  const isCleared = ifExists === IfRunExists.CLEAR;
  if (isCleared) await clear(context, call, asker, run, { what: "existing", states: [] });
  await takeTriggered(context.db, parent, { runKey: run.id, dagId });
  return isCleared
    ? answerWith({ ...run, state: RunState.queued }, TriggerOutcome.CLEARED)
    : answerWith(run, TriggerOutcome.USED);
}

async function tooDeep(
  { db }: WorkerContext,
  { runKey, dagId, taskId }: Asker,
  asked: Asked,
): Promise<MillraceError> {
  const above = await readTriggerChain(db, runKey, workerLimits.triggerChainShown);
  const names = [...above.map(({ dag_id }) => dag_id).toReversed(), dagId, asked.dagId];
  const chain = `${above.length === workerLimits.triggerChainShown ? "… → " : ""}${names.join(" → ")}`;
  return new MillraceError(
    "TRIGGER_TOO_DEEP",
    `Task "${taskId}" would trigger ${shown(asked.dagId)} deeper than maxDepth ${asked.maxDepth} allows: ${chain}. End the circle, or raise maxDepth.`,
    { metadata: { dag_id: asked.dagId, max_depth: String(asked.maxDepth), chain } },
  );
}

/** As the run says who triggered it. */
function principalOf({ dagId, taskId }: Asker): string {
  return `task:${dagId}/${taskId}`;
}

function hashOf(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
