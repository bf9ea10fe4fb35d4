/** Does to an installation what a seed has planned for it, until its time is over. */

import type { Installation } from "./installation.ts";
import { acts, type Act, type Plan } from "./plan.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

/** Longer than a shard's lease, and now and then longer than a session's. */
const pauseMs = { least: 500, usual: 15_000, most: 50_000 };
const cutMs = { least: 500, most: 20_000 };
const downMs = { least: 200, most: 15_000 };
const slowMs = 6_000;

export type Nemesis = {
  /** From now on nothing more goes wrong. */
  end(): void;
};

export function startNemesis(world: World, installation: Installation, plan: Plan): Nemesis {
  const { machine, faults } = world;
  const random = world.random.fork("nemesis");
  let isOver = false;
  Object.assign(faults.database, plan.database, { slowMs });
  Object.assign(faults.network, plan.network);
  Object.assign(faults.connection, plan.connection);

  const deeds = deedsOf(world, installation, random);
  for (const act of acts) {
    const mean = plan.every[act];
    if (mean !== null) again(act, mean);
  }

  function again(act: Act, mean: number): void {
    machine.after(-Math.log(1 - random.float()) * mean, null, () => {
      if (isOver) return;
      deeds[act]();
      again(act, mean);
    });
  }

  return {
    end() {
      isOver = true;
      Object.assign(faults.database, {
        lostBefore: 0,
        lostAfter: 0,
        busy: 0,
        slow: 0,
        stalled: 0,
        downUntil: 0,
      });
      Object.assign(faults.network, { lost: 0, doubled: 0, delayed: 0 });
      Object.assign(faults.connection, { callLost: 0, answerLost: 0, streamBroken: 0 });
      world.network.heal();
    },
  };
}

function deedsOf(
  world: World,
  installation: Installation,
  random: Random,
): Record<Act, () => void> {
  const { faults, machine, network, onFault } = world;
  const one = <T extends { readonly process: { readonly isAlive: boolean } }>(
    list: readonly T[],
  ) => {
    const living = list.filter(({ process }) => process.isAlive);
    return living.length === 0 ? null : random.pick(living);
  };
  const kill = (
    kind: string,
    list: readonly { readonly process: { kill(): void; readonly isAlive: boolean } }[],
  ) => {
    const node = one(list);
    if (node === null) return;
    onFault(kind);
    node.process.kill();
  };
  return {
    killScheduler: () => kill("scheduler.killed", installation.schedulers),
    killApi: () => kill("api.killed", world.apis),
    killWorker: () => kill("worker.killed", installation.workers),
    stopScheduler() {
      const node = one(installation.schedulers);
      if (node?.running === null || node === null) return;
      onFault("scheduler.stopped");
      const { process, running } = node;
      process.enter(() => void running.stop().finally(() => process.kill()));
    },
    stopWorker() {
      const node = one(installation.workers);
      if (node === null) return;
      onFault("worker.stopped");
      node.stop();
    },
    pause() {
      const living = installation.living();
      if (living.length === 0) return;
      const process = random.pick(living);
      const most = random.chance(0.15) ? pauseMs.most : pauseMs.usual;
      onFault("process.paused");
      process.pause(random.between(pauseMs.least, most));
    },
    cut() {
      const living = installation.living();
      if (living.length < 2) return;
      const [a, b] = [random.pick(living), random.pick(living)];
      if (a === b) return;
      const ms = random.between(cutMs.least, cutMs.most);
      onFault("network.cut");
      network.cut(a, b, ms);
      if (random.chance(0.6)) network.cut(b, a, ms);
    },
    databaseDown() {
      onFault("database.down");
      faults.database.downUntil = machine.now + random.between(downMs.least, downMs.most);
    },
  };
}
