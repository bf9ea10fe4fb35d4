/** Somebody outside who gets task tokens, shows that they are at it, and says what came of it. */

import { create } from "@bufbuild/protobuf";
import { isMillraceError } from "@millrace/engine";
import { CompleteTaskTokenRequestSchema, HeartbeatTaskTokenRequestSchema } from "@millrace/wire/v1";
import {
  completeTaskToken,
  heartbeatTaskToken,
} from "../../../services/api/src/rpc/task-tokens.ts";
import { aCall } from "../rpc.ts";
import type { World } from "../world.ts";
import { ask } from "./asking.ts";
import type { ApiNode, OutsideNode } from "./node.ts";

/** Said again with a new request while the body has not begun to wait. */
const triesMax = 30;
const pauseMs = 1_000;

export function startOutside(world: World, name: string): OutsideNode {
  const process = world.spawn(name);
  const { random } = process;
  let open = 0;

  async function work(attemptId: string, token: string): Promise<void> {
    await pause(random.between(0, 20_000));
    if (random.chance(0.3)) await say(() => heartbeat(token));
    if (random.chance(0.3)) await pause(random.between(0, 10_000));
    const success = { case: "success" as const, value: { data: Buffer.from('{"done":true}') } };
    const failure = { case: "failure" as const, value: { message: "as scripted", type: "" } };
    const outcome = random.chance(0.8) ? success : failure;
    for (let tries = 0; tries < triesMax; tries++) {
      const request = { token, requestId: random.uuid(), outcome };
      const answer = await say((api) =>
        completeTaskToken(api.context)(
          create(CompleteTaskTokenRequestSchema, request),
          aCall(api, "CompleteTaskToken", name, new AbortController().signal),
        ),
      );
      world.trace.note(name, `${outcome.case} of ${attemptId}: ${answer.reason ?? "taken"}`);
      if (answer.reason === null) return world.look(() => world.ledger.onTokenTaken(attemptId));
      if (answer.reason !== "TASK_NOT_DEFERRED") return;
      await pause(pauseMs);
    }
  }

  function heartbeat(token: string) {
    const request = create(HeartbeatTaskTokenRequestSchema, { token, requestId: random.uuid() });
    return (api: ApiNode) =>
      heartbeatTaskToken(api.context)(
        request,
        aCall(api, "HeartbeatTaskToken", name, new AbortController().signal),
      );
  }

  /** Until there is an answer; a refusal is one. */
  async function say(
    call: ((api: ApiNode) => Promise<unknown>) | (() => (api: ApiNode) => Promise<unknown>),
  ): Promise<{ readonly reason: string | null }> {
    const carryOut = async (api: ApiNode): Promise<string | null> => {
      try {
        const result = await (call as (api: ApiNode) => unknown)(api);
        if (typeof result === "function") await (result as (api: ApiNode) => Promise<unknown>)(api);
        return null;
      } catch (error) {
        if (isMillraceError(error)) return error.reason;
        throw error;
      }
    };
    return { reason: await ask(world, process, carryOut) };
  }

  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  return {
    take(attemptId, token) {
      open += 1;
      process.enter(() => {
        work(attemptId, token).then(
          () => void (open -= 1),
          (error: unknown) => world.failures.push(error),
        );
      });
    },
    open: () => open,
  };
}
