/** Hands a command to the owner of a shard, looking for the owner again until it answers or the time is over. */

import { setTimeout as wait } from "node:timers/promises";
import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import type { Bus } from "@millrace/bus";
import { isMillraceError, MillraceError, reasons, type ReasonName } from "@millrace/engine";
import { OwnerCommandSchema, OwnerReplySchema, type OwnerReply } from "@millrace/wire/internal";
import { apiLimits } from "./limits.ts";
import type { Owners } from "./owners.ts";

export type Commands = {
  /**
   * Commands are idempotent by their request id, so that asking again is safe.
   *
   * @throws MillraceError the owner's refusal; NOT_OWNER when no owner answered in time.
   */
  send(
    shard: number,
    command: MessageInitShape<typeof OwnerCommandSchema>,
    options: SendOptions,
  ): Promise<OwnerReply>;
};

export type SendOptions = {
  readonly signal: AbortSignal;
  /** How long to look for an owner. Default `apiLimits.ownerSearchMs`. */
  readonly searchMs?: number;
  /** How long an owner that was found may take to answer. Default: until the search is over. */
  readonly answerMs?: number;
};

export function createCommands({ bus, owners }: { bus: Bus; owners: Owners }): Commands {
  async function ask(
    nodeId: string,
    data: Uint8Array,
    timeoutMs: number,
  ): Promise<OwnerReply | null> {
    try {
      return fromBinary(
        OwnerReplySchema,
        await bus.request(`owner.${nodeId}.command`, data, { timeoutMs }),
      );
    } catch (error) {
      // Whatever the bus says, it means the same: no answer, ask again.
      if (isMillraceError(error)) throw error;
      return null;
    }
  }

  return {
    async send(shard, command, { signal, searchMs = apiLimits.ownerSearchMs, answerMs }) {
      const data = toBinary(OwnerCommandSchema, create(OwnerCommandSchema, command));
      const deadline = performance.now() + searchMs;
      let delay: number = apiLimits.ownerRetryMs.first;
      for (;;) {
        if (owners.ownerOf(shard) === null) await owners.refresh();
        const nodeId = owners.ownerOf(shard);
        const left = deadline - performance.now();
        const timeoutMs = answerMs ?? Math.max(left, delay);
        const reply = nodeId === null ? null : await ask(nodeId, data, timeoutMs);
        if (reply !== null && !isNotOwner(reply)) return settled(reply);
        if (performance.now() + delay > deadline) throw new MillraceError("NOT_OWNER");
        await wait(delay, undefined, { signal });
        delay = Math.min(delay * 2, apiLimits.ownerRetryMs.max);
        await owners.refresh();
      }
    },
  };
}

function isNotOwner({ reply }: OwnerReply): boolean {
  return reply.case === "refusal" && reply.value.reason === "NOT_OWNER";
}

function settled(answer: OwnerReply): OwnerReply {
  if (answer.reply.case !== "refusal") return answer;
  const { reason, message, metadata } = answer.reply.value;
  const known: ReasonName = Object.hasOwn(reasons, reason) ? (reason as ReasonName) : "INTERNAL";
  throw new MillraceError(known, message === "" ? undefined : message, { metadata });
}
