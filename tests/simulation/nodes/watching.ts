/** What a triggerer does for assets: the product's watches and functions, without the thread between them. */

import type { Assignment } from "@millrace/wire/worker";
import { CustomTriggers } from "../../../packages/sdk/src/triggerer/custom.ts";
import { Watches, type Reports } from "../../../packages/sdk/src/triggerer/watches.ts";
import type { WorkerLog } from "../../../packages/sdk/src/worker/log.ts";
import type { Outcome } from "../../../packages/sdk/src/worker/messages.ts";
import type { VirtualProcess } from "../machine.ts";
import { streamHandler, streamTrigger } from "../workload/watchers.ts";
import type { World } from "../world.ts";

const slots = 100;

export function startWatching(
  world: World,
  process: VirtualProcess,
  options: { readonly reports: Reports; readonly log: WorkerLog; onChange(): void },
): Watches {
  const ends = new Map<string, (outcome: Outcome) => void>();
  const triggers = { [streamHandler]: streamTrigger(world, process) };
  const custom = new CustomTriggers(triggers, (attemptId, outcome) => {
    const onEnd = ends.get(attemptId);
    ends.delete(attemptId);
    onEnd?.(outcome);
  });
  return new Watches({
    ...{ ...options, slots },
    watchers: new Map([
      [
        streamHandler,
        (watch, onEnd) => {
          ends.set(watch.attemptId, onEnd);
          custom.watch(watch);
          return () => {
            ends.delete(watch.attemptId);
            custom.unwatch(watch.attemptId);
          };
        },
      ],
    ]),
  });
}

export function isForAsset({ assetWatch }: Assignment): boolean {
  return assetWatch !== undefined;
}
