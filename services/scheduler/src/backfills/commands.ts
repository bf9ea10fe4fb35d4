/** What people and programs ask of an owner about backfills. */

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  BackfillState,
  createBackfill,
  findAnswer,
  listOwnedBackfills,
  setBackfillState,
  type BackfillPlan,
} from "@millrace/db";
import { admitRun, isMillraceError, MillraceError, shardOf, type Reason } from "@millrace/engine";
import { backfillIdOf, reasonToProto } from "@millrace/wire";
import {
  OwnerReplySchema,
  type ChangeBackfill,
  type CreateBackfill,
  type Explanation,
  type OwnerCommand,
  type OwnerReply,
} from "@millrace/wire/internal";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ExplanationSchema } from "@millrace/wire/internal";
import { requestKeyOf, type Reply } from "../commands/answer-once.ts";
import { limitsOf } from "../dispatch/grants.ts";
import { holdsDag, requireShard, type Owner } from "../owner.ts";
import type { RunLife } from "../runs/run-life.ts";
import type { OwnedDag } from "../runs/run.ts";
import type { Backfills } from "./drive.ts";
import { limitsOfBackfill } from "./limits.ts";

type Parts = { readonly owner: Owner; readonly life: RunLife; readonly backfills: Backfills };

function keyReply(backfillKey: number): Reply {
  return { reply: { case: "backfillKey", value: BigInt(backfillKey) } };
}

function answerBytes(reply: Reply): Uint8Array {
  return toBinary(OwnerReplySchema, create(OwnerReplySchema, reply));
}

/** @throws MillraceError BACKFILL_OPEN, DAG_INACTIVE, NOT_OWNER, REQUEST_ID_REUSED */
export async function startBackfill(
  parts: Parts,
  command: OwnerCommand,
  dag: OwnedDag,
  asked: CreateBackfill,
): Promise<Reply | OwnerReply> {
  const { owner } = parts;
  const key = requestKeyOf(command);
  const before = await findAnswer(owner.db, key);
  if (before !== null) return takeUp(parts, dag, fromBinary(OwnerReplySchema, before));
  if (!dag.isActive) {
    const message = `The DAG ${dag.dagId} is not in its folder any more; put it back to run it.`;
    throw new MillraceError("DAG_INACTIVE", message, { metadata: { dag_id: dag.dagId } });
  }
  if (dag.backfill !== null) throw isOpen(dag.dagId, dag.backfill.id);
  const fence = requireShard(owner, dag.shard);
  try {
    const id = await createBackfill(owner.db, fence, planOf(dag, asked), {
      createdBy: command.principal,
      request: (made) => ({ ...key, answer: answerBytes(keyReply(made)) }),
    });
    return await takeUp(parts, dag, keyReply(id));
  } catch (error) {
    // Of two that came together the second has the first one's answer.
    const meanwhile = isMillraceError(error) ? await findAnswer(owner.db, key) : null;
    if (meanwhile !== null) return takeUp(parts, dag, fromBinary(OwnerReplySchema, meanwhile));
    // It may have been made all the same, by this attempt or by one before.
    takeUpLater(parts, dag);
    throw error;
  }
}

function planOf(dag: OwnedDag, asked: CreateBackfill): BackfillPlan {
  const { dagVersionKey, reverse, reprocess, maxActiveRuns, params, hasParams, note, dateCount } =
    asked;
  return {
    ...{ dagId: dag.dagId, shard: dag.shard, dagVersionId: dagVersionKey, isReverse: reverse },
    ...{ maxActiveRuns, params, hasParams, note, dateCount },
    from: Number(asked.fromMs),
    to: Number(asked.toMs),
    asOf: Number(asked.asOfMs),
    anchor: Number(asked.anchorMs),
    // Codes are those of the wire; none is UNSPECIFIED here.
    reprocess: reprocess as BackfillPlan["reprocess"],
  };
}

/** The row of a backfill that was made is taken into memory, by whichever way its maker came to know of it. */
async function takeUp<R extends Reply | OwnerReply>(
  parts: Parts,
  dag: OwnedDag,
  reply: R,
): Promise<R> {
  await readOpen(parts, dag);
  return reply;
}

async function readOpen({ owner, backfills }: Parts, dag: OwnedDag): Promise<void> {
  if (dag.backfill !== null) return;
  const rows = await listOwnedBackfills(owner.db, [dag.shard]);
  const row = rows.find(({ dagId }) => dagId === dag.dagId);
  const isHere = holdsDag(owner, dag);
  if (row !== undefined && isHere && dag.backfill === null) backfills.begin(dag, row);
}

function takeUpLater(parts: Parts, dag: OwnedDag): void {
  const { owner } = parts;
  owner.clock.after(owner.settings.reloadDelayMs.max, () => {
    if (!holdsDag(owner, dag)) return;
    readOpen(parts, dag).catch((error: unknown) => {
      owner.log.warn({ dag_id: dag.dagId, err: error }, "backfill.unread");
      takeUpLater(parts, dag);
    });
  });
}

function isOpen(dagId: string, backfillKey: number): MillraceError {
  const id = backfillIdOf(backfillKey);
  const message = `${dagId} has the backfill ${id}, which is not over; wait for it, or cancel it.`;
  return new MillraceError("BACKFILL_OPEN", message, {
    metadata: { dag_id: dagId, backfill_id: id },
  });
}

const changes = {
  pauseBackfill: { from: [BackfillState.running], to: BackfillState.paused },
  resumeBackfill: { from: [BackfillState.paused], to: BackfillState.running },
  cancelBackfill: {
    from: [BackfillState.running, BackfillState.paused],
    to: BackfillState.cancelling,
  },
} as const;

/** One that is over stays as it is. */
export async function changeBackfill(
  { owner, life, backfills }: Parts,
  command: OwnerCommand,
  kind: keyof typeof changes,
  { backfillKey, dagId }: ChangeBackfill,
): Promise<Reply | OwnerReply> {
  const id = Number(backfillKey);
  const shard = requireShard(owner, shardOf(dagId));
  const key = requestKeyOf(command);
  const before = await findAnswer(owner.db, key);
  if (before !== null) return fromBinary(OwnerReplySchema, before);
  const { from, to } = changes[kind];
  const reply = keyReply(id);
  const request = { ...key, answer: answerBytes(reply) };
  try {
    const isMoved = await setBackfillState(owner.db, shard, { id, from, to, request });
    const dag = owner.dags.get(dagId);
    if (isMoved && dag?.backfill?.id === id) {
      dag.backfill.state = to;
      life.startQueued(dag);
      backfills.kick(dag);
    }
    return reply;
  } catch (error) {
    owner.clock.after(owner.settings.reloadDelayMs.max, () => backfills.doubt(dagId, id));
    throw error;
  }
}

/** What keeps runs of a backfill from starting, and its next date from becoming one. */
export function explainBackfill(
  { owner, backfills }: Parts,
  { backfillKey, dagId }: ChangeBackfill,
): MessageInitShape<typeof ExplanationSchema> | Explanation {
  requireShard(owner, shardOf(dagId));
  const dag = owner.dags.get(dagId);
  const backfill = dag?.backfill;
  if (dag === undefined || !backfill || backfill.id !== Number(backfillKey)) return { reasons: [] };
  const limits = { ...limitsOf(owner, dag, null), backfill: limitsOfBackfill(dag, backfill) };
  const reasons: Reason[] = backfill.queued.size > 0 ? [...admitRun(limits)] : [];
  if (backfill.decided < backfill.dateCount)
    for (const reason of backfills.heldBy(dag, backfill))
      if (!reasons.some(({ kind }) => kind === reason.kind)) reasons.push(reason);
  return { reasons: reasons.map(reasonToProto) };
}
