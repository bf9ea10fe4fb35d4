/** The pools of a seed: what its tasks take of them, and how people change them meanwhile. */

import { defaultPool, type DagSpec } from "@millrace/engine";
import type { Plan } from "../plan.ts";
import type { Random } from "../random.ts";
import type { World } from "../world.ts";

export type SimulatedPool = {
  readonly name: string;
  /** As few as there ever are: no task takes more. */
  readonly fewest: number;
  readonly most: number;
  readonly includesDeferred: boolean;
};

const changeEveryMs = 15_000;

export function poolsOf(random: Random): readonly SimulatedPool[] {
  const names = ["narrow", "wide", ...(random.chance(0.2) ? [defaultPool] : [])];
  return names.map((name, at) => {
    const fewest = 1 + random.below(2 + at);
    const most = fewest + (random.chance(0.3) ? random.below(4) : 0);
    return { name, fewest, most, includesDeferred: random.chance(0.3) };
  });
}

/** Some tasks of a DAG take slots of pools. */
export function withPools(random: Random, spec: DagSpec, pools: readonly SimulatedPool[]): DagSpec {
  const named = pools.filter(({ name }) => name !== defaultPool);
  if (named.length === 0 || random.chance(0.3)) return spec;
  const tasks = spec.tasks.map((task) => {
    if (random.chance(0.4)) return task;
    const pool = random.pick(named);
    return { ...task, pool: pool.name, poolSlots: 1 + random.below(Math.min(3, pool.fewest)) };
  });
  return { ...spec, tasks };
}

/** Some pools are there from the start, some are made later, and some are made larger and smaller. */
export function startPools(world: World, plan: Plan, pools: readonly SimulatedPool[]): void {
  const random = world.random.fork("pools over time");
  for (const pool of pools) {
    const set = (slots: number): void => {
      world.trace.note("people", `pool ${pool.name}: ${slots} slots`);
      world.setPool(pool.name, slots, pool.includesDeferred);
    };
    const isEarly = random.chance(0.7);
    if (isEarly) set(pool.most);
    else world.machine.after(random.between(0, plan.faultMs / 2), null, () => set(pool.most));
    if (pool.most === pool.fewest) continue;
    const from = isEarly ? 0 : plan.faultMs / 2;
    for (let ms = from; ms < plan.faultMs; ms += random.between(0, 2 * changeEveryMs)) {
      const slots = pool.fewest + random.below(pool.most - pool.fewest + 1);
      world.machine.after(ms, null, () => set(slots));
    }
  }
}
