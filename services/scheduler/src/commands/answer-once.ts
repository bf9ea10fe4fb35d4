/** Commands that would do harm if they were carried out twice: their answer is stored with what they did. */

import { createHash } from "node:crypto";
import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { findAnswer, requestReused, type RequestKey } from "@millrace/db";
import { MillraceError } from "@millrace/engine";
import {
  OwnerCommandSchema,
  OwnerReplySchema,
  type OwnerCommand,
  type OwnerReply,
} from "@millrace/wire/internal";
import { RunType } from "@millrace/wire/v1";
import type { Owner } from "../owner.ts";
import type { Step } from "../flush/step.ts";

export type Reply = MessageInitShape<typeof OwnerReplySchema>;

/** Carries a command out. `store` must be called with the step that makes it durable and the answer. */
export type CarryOut = (store: (step: Step, reply: Reply) => void) => Promise<Reply>;

export type AnswerOnce = (
  owner: Owner,
  command: OwnerCommand,
  carryOut: CarryOut,
) => Promise<Reply | OwnerReply>;

/**
 * A request that comes again gets the first one's answer, from whichever owner; while the first is on its way, with it.
 * The id and the kind of command name it: one request that becomes several commands needs an id for each.
 */
export function createAnswerOnce(): AnswerOnce {
  const open = new Map<string, { readonly bodyHash: Uint8Array; readonly reply: Promise<Reply> }>();

  async function answer(owner: Owner, key: RequestKey, carryOut: CarryOut): Promise<Reply> {
    const known = await findAnswer(owner.db, key);
    if (known !== null) return fromBinary(OwnerReplySchema, known);
    return carryOut((step, reply) => {
      const bytes = toBinary(OwnerReplySchema, create(OwnerReplySchema, reply));
      step.answers.push({ ...key, runId: step.run.key, answer: bytes });
    });
  }

  return async (owner, command, carryOut) => {
    if (command.requestId === "") throw new MillraceError("REQUEST_ID_MISSING");
    const key = requestKeyOf(command);
    const name = JSON.stringify([key.method, key.principal, key.requestId]);
    const before = open.get(name);
    if (before !== undefined) {
      if (Buffer.compare(before.bodyHash, key.bodyHash) !== 0) throw requestReused(key);
      return before.reply;
    }
    const reply = answer(owner, key, carryOut);
    open.set(name, { bodyHash: key.bodyHash, reply });
    try {
      return await reply;
    } finally {
      open.delete(name);
    }
  };
}

/** Under what an answer is stored: the rpc it comes from. */
const methods: Partial<Record<NonNullable<OwnerCommand["command"]["case"]>, string>> = {
  triggerRun: "millrace.v1.DagRunService/TriggerDagRun",
  deleteDag: "millrace.v1.DagService/DeleteDag",
  clearInstances: "millrace.v1.TaskInstanceService/ClearTaskInstances",
  markInstances: "millrace.v1.TaskInstanceService/MarkTaskInstances",
  markRun: "millrace.v1.DagRunService/MarkDagRun",
  endWait: "millrace.v1.TaskInstanceService/CompleteTaskToken",
  createBackfill: "millrace.v1.BackfillService/CreateBackfill",
  pauseBackfill: "millrace.v1.BackfillService/PauseBackfill",
  resumeBackfill: "millrace.v1.BackfillService/ResumeBackfill",
  cancelBackfill: "millrace.v1.BackfillService/CancelBackfill",
};

function methodOf({ case: kind, value }: OwnerCommand["command"]): string {
  if (kind === "endWait" && value.news.case === "answer")
    return "millrace.v1.TaskInstanceService/AnswerInput";
  if (kind === "triggerRun" && value.runType === RunType.ASSET_MATERIALIZATION)
    return "millrace.v1.AssetService/MaterializeAsset";
  return (kind && methods[kind]) ?? "";
}

/** Names the request behind a command; without a hash of its body, by the whole command. */
export function requestKeyOf(command: OwnerCommand): RequestKey {
  const { principal, requestId, bodyHash } = command;
  const method = methodOf(command.command);
  if (bodyHash.byteLength > 0) return { method, principal, requestId, bodyHash };
  const body = toBinary(OwnerCommandSchema, command);
  return { method, principal, requestId, bodyHash: createHash("sha256").update(body).digest() };
}
