/** Carries out what people and programs ask of an owner. */

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  deleteDag,
  findAnswer,
  isRefusedStatement,
  type RequestKey,
  type RunParent,
} from "@millrace/db";
import {
  isMillraceError,
  manualInterval,
  MillraceError,
  noInstances,
  RunType,
  shardOf,
} from "@millrace/engine";
import {
  OwnerCommandSchema,
  OwnerReplySchema,
  type DeleteDag,
  type OwnerCommand,
  type OwnerReply,
  type PlanRuns,
  type TriggerRun,
} from "@millrace/wire/internal";
import { plannedRunToProto, runInstancesToBytes } from "@millrace/wire";
import { requestKeyOf, type Reply } from "./answer-once.ts";
import { apply } from "../apply.ts";
import { changeBackfill, explainBackfill, startBackfill } from "../backfills/commands.ts";
import type { Backfills } from "../backfills/drive.ts";
import { clearInstances, markInstances, markRun, withRun, type ChangeParts } from "./change-run.ts";
import { endWait } from "./end-wait.ts";
import { explainTask } from "./explain.ts";
import { StepFailed } from "../flush/flush-loop.ts";
import { isFinalState } from "../flush/step.ts";
import { requireShard, type Owner } from "../owner.ts";
import type { RunMaker } from "../runs/run-maker.ts";
import { materialization, type OwnedDag } from "../runs/run.ts";
import { requireRun } from "./subject.ts";
import type { Ticks } from "../schedule/ticks.ts";

export type CommandParts = ChangeParts & {
  readonly ticks: Pick<Ticks, "timetables">;
  readonly maker: RunMaker;
  readonly backfills: Backfills;
  /** A DAG that was forgotten is back: its schedule and queued runs go on. */
  replan(dag: OwnedDag): void;
};

/** Answers an OwnerCommand once its effect is durable; what is refused says why. */
export async function takeCommand(parts: CommandParts, data: Uint8Array): Promise<Uint8Array> {
  const command = fromBinary(OwnerCommandSchema, data);
  const { owner } = parts;
  const reply = await carryOut(parts, command).catch((error: unknown): Reply => {
    if (error instanceof StepFailed) return refusal(new MillraceError("NOT_OWNER"));
    if (isMillraceError(error)) return refusal(error);
    if (!isRefusedStatement(error)) throw error;
    // Without an answer it would be asked for again, for ever, with the same end.
    owner.log.error({ command: command.command.case, err: error }, "command.broken");
    return refusal(new MillraceError("INTERNAL"));
  });
  return toBinary(OwnerReplySchema, create(OwnerReplySchema, reply));
}

function refusal({ reason, message, metadata }: MillraceError): Reply {
  return { reply: { case: "refusal", value: { reason, message, metadata: { ...metadata } } } };
}

function runKeyReply(runKey: number): Reply {
  return { reply: { case: "runKey", value: BigInt(runKey) } };
}

async function carryOut(parts: CommandParts, command: OwnerCommand): Promise<Reply | OwnerReply> {
  const asked = command.command;
  switch (asked.case) {
    case "triggerRun":
      return trigger(parts, command, asked.value);
    case "cancelRun":
      return cancel(parts, Number(asked.value.runKey));
    case "clearInstances":
      return clearInstances(parts, command, asked.value);
    case "markInstances":
      return markInstances(parts, command, asked.value);
    case "markRun":
      return markRun(parts, command, asked.value);
    case "endWait":
      return endWait(parts, command, asked.value);
    case "explainTask":
      return { reply: { case: "explanation", value: await explainTask(parts, asked.value) } };
    case "planRuns":
      return planRuns(parts, asked.value);
    case "deleteDag":
      return removeOnce(parts, command, asked.value);
    case "createBackfill":
      return startBackfill(
        parts,
        command,
        await requireDag(parts.owner, asked.value.dagId),
        asked.value,
      );
    case "pauseBackfill":
    case "resumeBackfill":
    case "cancelBackfill":
      return changeBackfill(parts, command, asked.case, asked.value);
    case "explainBackfill":
      return { reply: { case: "explanation", value: explainBackfill(parts, asked.value) } };
    case undefined:
      throw new MillraceError(
        "FIELD_INVALID",
        "An owner command of a kind that this version does not know.",
      );
  }
}

async function requireDag(owner: Owner, dagId: string): Promise<OwnedDag> {
  const shard = shardOf(dagId);
  requireShard(owner, shard);
  const dag = await owner.dags.find(shard, dagId);
  if (dag === null)
    throw new MillraceError("DAG_NOT_FOUND", undefined, { metadata: { dag_id: dagId } });
  return dag;
}

async function trigger(
  { owner, maker }: CommandParts,
  command: OwnerCommand,
  asked: TriggerRun,
): Promise<Reply | OwnerReply> {
  const dag = await requireDag(owner, asked.dagId);
  if (!dag.isActive) {
    const message = `The DAG ${dag.dagId} is not in its folder any more; put it back to run it.`;
    throw new MillraceError("DAG_INACTIVE", message, { metadata: { dag_id: dag.dagId } });
  }
  const logicalAt = asked.logicalDateMs === undefined ? null : Number(asked.logicalDateMs);
  if (logicalAt !== null) await owner.dags.loadNewest([dag]);
  const interval = manualInterval(dag.newest?.compiled.spec.schedule ?? null, logicalAt);
  const made = await maker.make({
    dag,
    // The codes are those of the wire.
    runType: asked.runType === materialization ? materialization : RunType.manual,
    logicalAt,
    intervalStartAt: interval?.start ?? null,
    intervalEndAt: interval?.end ?? null,
    runAfter: owner.dbClock.now(),
    partitionKey: asked.partitionKey || null,
    params: asked.params.byteLength === 0 ? Buffer.from("{}") : asked.params,
    note: asked.note,
    triggeredBy: command.principal,
    request: {
      ...requestKeyOf(command),
      answerFor: (runKey) =>
        toBinary(OwnerReplySchema, create(OwnerReplySchema, runKeyReply(runKey))),
    },
    parent: parentOf(asked),
    backfill: null,
    inputs: await ignoredInputs(owner, dag, asked),
  });
  switch (made.kind) {
    case "born":
      return runKeyReply(made.runKey);
    case "known":
      return fromBinary(OwnerReplySchema, made.answer);
    case "date_taken": {
      const date = new Date(logicalAt ?? 0).toISOString();
      const metadata = { dag_id: dag.dagId, logical_date: date };
      throw new MillraceError(
        "LOGICAL_DATE_TAKEN",
        `${dag.dagId} has a run with the logical date ${date}.`,
        { metadata },
      );
    }
  }
}

/** Of a run that is not to wait for the inputs of its DAG: none of each. */
async function ignoredInputs(
  owner: Owner,
  dag: OwnedDag,
  { ignoreInputs }: TriggerRun,
): Promise<Uint8Array | null> {
  if (!ignoreInputs) return null;
  await owner.dags.loadNewest([dag]);
  const term = dag.newest?.compiled.spec.inputs?.term;
  return term === undefined ? null : runInstancesToBytes(noInstances(term));
}

/** The task instance of another DAG that wants the run; null for people and programs. */
function parentOf({ parent }: TriggerRun): RunParent | null {
  if (parent === undefined) return null;
  const { runKey, taskIx, mapIndex, attempt, depth, dagId, taskId } = parent;
  return { runKey: Number(runKey), ix: taskIx, mapIx: mapIndex, attempt, depth, dagId, taskId };
}

async function planRuns(
  { owner, ticks }: CommandParts,
  { dagId, count }: PlanRuns,
): Promise<Reply> {
  const dag = await requireDag(owner, dagId);
  await owner.dags.loadNewest([dag]);
  const { runs, problem } = await ticks.timetables.list(dag, count);
  const value = { runs: runs.map(plannedRunToProto), problem };
  return { reply: { case: "plannedRuns", value } };
}

/** Cancelling twice is cancelling once; a final run stays as it is. */
async function cancel(parts: CommandParts, runKey: number): Promise<Reply> {
  const { owner } = parts;
  if (!owner.runs.has(runKey)) {
    const { place } = await requireRun(owner, runKey);
    if (isFinalState(place.state)) return runKeyReply(runKey);
  }
  await withRun(parts, runKey, (run) => {
    apply(owner, run, { kind: "cancelRequested", at: owner.dbClock.now() });
  });
  return runKeyReply(runKey);
}

/** A request that was answered is not carried out again: a DAG of the same name may be a new one. */
async function removeOnce(
  parts: CommandParts,
  command: OwnerCommand,
  asked: DeleteDag,
): Promise<Reply | OwnerReply> {
  const key = requestKeyOf(command);
  const before = await findAnswer(parts.owner.db, key);
  if (before !== null) return fromBinary(OwnerReplySchema, before);
  try {
    return await remove(parts, key, asked.dagId);
  } catch (error) {
    // Of two that came together the second finds nothing left to delete: it has the first one's answer.
    const meanwhile = isMillraceError(error) ? await findAnswer(parts.owner.db, key) : null;
    if (meanwhile === null) throw error;
    return fromBinary(OwnerReplySchema, meanwhile);
  }
}

async function remove(
  { owner, replan }: CommandParts,
  key: RequestKey,
  dagId: string,
): Promise<Reply> {
  const shard = shardOf(dagId);
  const { epoch } = requireShard(owner, shard);
  const dag = owner.dags.get(dagId);
  if (dag !== undefined && dag.backfill !== null) {
    const message = `${dagId} has a backfill that is not over; cancel it first.`;
    throw new MillraceError("DAG_HAS_ACTIVE_RUNS", message, { metadata: { dag_id: dagId } });
  }
  const count = dag === undefined ? 0 : dag.running.size + dag.queued.size + dag.opened.size;
  if (count > 0) {
    const active = String(count);
    const message = `${dagId} has ${active} runs that are not final; cancel them first.`;
    throw new MillraceError("DAG_HAS_ACTIVE_RUNS", message, {
      metadata: { dag_id: dagId, active_runs: active },
    });
  }
  // No run of it can be made while it is deleted: it would have to be found first.
  owner.dags.remove(dagId);
  const reply: Reply = { reply: { case: "done", value: {} } };
  const answer = toBinary(OwnerReplySchema, create(OwnerReplySchema, reply));
  const existed = await deleteDag(owner.db, { shard, epoch }, dagId, { ...key, answer }).catch(
    async (error: unknown) => {
      const kept = await owner.dags.find(shard, dagId);
      if (kept !== null) replan(kept);
      throw error;
    },
  );
  if (!existed)
    throw new MillraceError("DAG_NOT_FOUND", undefined, { metadata: { dag_id: dagId } });
  owner.deliveries.dropDag(dagId);
  owner.deadlines.dropDag(dagId);
  owner.calls.dropDag(dagId);
  return reply;
}
