/** Somebody who calls the front door, with the same request until there is an answer. */

import type { Call } from "@millrace/service";
import type { ApiContext } from "../../../services/api/src/context.ts";
import type { VirtualProcess } from "../machine.ts";
import { aCall, carried } from "../rpc.ts";
import type { World } from "../world.ts";
import { ask } from "./asking.ts";

export type FrontDoor = {
  readonly process: VirtualProcess;
  /** What the handler answers. A refusal is an answer too. */
  call<Request, Answer>(
    handler: (context: ApiContext) => (request: Request, call: Call) => Promise<Answer>,
    request: Request,
  ): Promise<Answer | { readonly refused: string }>;
};

export function startFrontDoor(world: World, name: string): FrontDoor {
  const process = world.spawn(name);
  return {
    process,
    async call(handler, request) {
      const answer = await ask(world, process, async (api) => {
        try {
          const call = aCall(api, handler.name, name, new AbortController().signal);
          return await handler(api.context)(request, call);
        } catch (error) {
          const { reason } = carried(error);
          if (reason === "INTERNAL") world.failures.push(error);
          return reason;
        }
      });
      return typeof answer === "string" ? { refused: answer } : answer;
    },
  };
}
