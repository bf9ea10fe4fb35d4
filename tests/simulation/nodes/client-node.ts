/** A program or a person that gives commands, with the same request id until there is an answer. */

import { create, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { findAnswer } from "@millrace/db";
import { isMillraceError, shardOf } from "@millrace/engine";
import { OwnerCommandSchema, OwnerReplySchema, type OwnerReply } from "@millrace/wire/internal";
import { requestKeyOf } from "../../../services/scheduler/src/commands/answer-once.ts";
import type { VirtualProcess } from "../machine.ts";
import type { World } from "../world.ts";
import { ask } from "./asking.ts";
import type { ApiNode } from "./node.ts";

export type Command = NonNullable<MessageInitShape<typeof OwnerCommandSchema>["command"]>;
/** A refusal is an answer too. */
export type Answer = OwnerReply | { readonly refused: string };

export type ClientNode = {
  readonly process: VirtualProcess;
  /** Asks until there is an answer. */
  ask(dagId: string, command: Command, requestId: string): Promise<Answer>;
};

export function startClient(world: World, name: string): ClientNode {
  const process = world.spawn(name);

  async function give(dagId: string, command: Command, requestId: string): Promise<Answer> {
    const message = { requestId, principal: "user:simulated", command };
    const carryOut = async (api: ApiNode): Promise<OwnerReply | string> => {
      try {
        const { signal } = new AbortController();
        return await api.context.commands.send(shardOf(dagId), message, { signal });
      } catch (error) {
        if (!isMillraceError(error)) throw error;
        // As the front door does: a DAG that is gone by now changes nothing of what was answered before.
        const key = requestKeyOf(create(OwnerCommandSchema, message));
        const before = await findAnswer(api.context.db, key);
        return before === null ? error.reason : fromBinary(OwnerReplySchema, before);
      }
    };
    const answer = await ask(world, process, carryOut);
    return typeof answer === "string" ? { refused: answer } : answer;
  }

  return {
    process,
    ask: (dagId, command, requestId) => process.enter(() => give(dagId, command, requestId)),
  };
}
