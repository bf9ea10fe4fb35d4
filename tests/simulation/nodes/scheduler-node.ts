/** A scheduler process: the product's own, on the simulated database and bus. */

import { flush as writeFlush } from "@millrace/db";
import { startScheduler, type RunningScheduler } from "@millrace/scheduler";
import { createQuietLog } from "../quiet-log.ts";
import type { World } from "../world.ts";
import type { VirtualProcess } from "../machine.ts";

export type SchedulerNode = {
  readonly process: VirtualProcess;
  /** Null until it has taken its share. */
  running: RunningScheduler | null;
};

/** Starts a process with a scheduler in it. One that cannot start exits, and is started again, as a supervisor does it. */
export function startSchedulerNode(world: World, name: string): SchedulerNode {
  const process = world.spawn(name);
  const node: SchedulerNode = { process, running: null };
  process.enter(() => {
    const log = createQuietLog(process, world.trace, world.onLog);
    const own = world.exchange.join(process);
    const bus = world.planted?.schedulerBus?.(own, world.server.tables) ?? own;
    const db = world.database(process);
    const write = world.planted?.flush?.() ?? writeFlush;
    const flush: typeof writeFlush = (lane, batch) => {
      world.look(() => world.pauses.onFlush(name, lane.name, batch));
      return write(lane, batch);
    };
    startScheduler({
      ...{ db, bus, log, nodeId: name, settings: world.settings, flush },
    }).then(
      (running) => {
        node.running = running;
      },
      (error: unknown) => {
        world.trace.note(name, "exits", { error });
        process.kill();
      },
    );
  });
  return node;
}
