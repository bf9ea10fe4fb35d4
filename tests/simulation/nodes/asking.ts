/** Calls of programs and people: asked again, of whatever api node lives, until there is an answer. */

import type { VirtualProcess } from "../machine.ts";
import type { World } from "../world.ts";
import type { ApiNode } from "./node.ts";

const retryMs = 500;
const answerTimeoutMs = 20_000;
/** What asking again may cure, and what says nothing of whether it was carried out. */
const passing: readonly unknown[] = ["NOT_OWNER", "UNAVAILABLE", "OVERLOADED"];

/** `carryOut` runs in the api's process; its answer may be a reason, of which some mean: ask again. */
export async function ask<T>(
  world: World,
  process: VirtualProcess,
  carryOut: (api: ApiNode) => Promise<T>,
): Promise<T> {
  for (;;) {
    const alive = world.apis.filter((api) => api.process.isAlive);
    const answer =
      alive.length === 0
        ? null
        : await askOnce(world, process, process.random.pick(alive), carryOut);
    if (answer !== null && !passing.includes(answer.value)) return answer.value;
    await new Promise((resolve) => setTimeout(resolve, retryMs * (1 + process.random.float())));
  }
}

/** Null when it is not known what came of it. */
function askOnce<T>(
  world: World,
  process: VirtualProcess,
  api: ApiNode,
  carryOut: (api: ApiNode) => Promise<T>,
): Promise<{ readonly value: T } | null> {
  return new Promise((resolve) => {
    const settle = (answer: { readonly value: T } | null): void => {
      timer.cancel();
      end();
      resolve(answer);
    };
    const end = api.process.onDeath(() => process.after(1, () => settle(null)));
    const timer = process.after(answerTimeoutMs, () => settle(null));
    const reply = (answer: { readonly value: T } | null): void =>
      world.network.send(api.process, process, () => settle(answer));
    world.network.send(process, api.process, () => {
      carryOut(api).then(
        (value) => reply({ value }),
        () => reply(null),
      );
    });
  });
}
