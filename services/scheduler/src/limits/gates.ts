/** The gates that tasks wait behind in the ready queue: made once, compared by identity. */

import type { TaskSpec } from "@millrace/engine";
import type { Owner } from "../owner.ts";
import type { PoolGate } from "../pools/pool-book.ts";
import type { Gate, Place } from "../dispatch/ready-queue.ts";
import type { ActiveRun } from "../runs/run.ts";
import type { RateGate } from "./rates.ts";

/** What tasks of several DAGs share. */
export type LaneGate = Gate & { readonly pool: PoolGate | null; readonly rate: RateGate | null };

const lanes = new WeakMap<PoolGate | RateGate, Map<RateGate | null, LaneGate>>();

/** Where a task of a run waits. */
export function placeOf(owner: Owner, run: ActiveRun, ix: number, task: TaskSpec): Place {
  const handler = task.kind === "external" ? task.handler : null;
  const pool = owner.pools.gate(task.pool, task.poolSlots, run.shard);
  const rate = task.rateLimit === null ? null : owner.rates.gate(task.rateLimit);
  const gate = laneGate(pool, rate);
  return { queue: task.queue, handler, gate, ownGate: ownGateOf(run, ix, task) };
}

function laneGate(pool: PoolGate | null, rate: RateGate | null): LaneGate | null {
  const first = pool ?? rate;
  if (first === null) return null;
  let byRate = lanes.get(first);
  if (byRate === undefined) {
    byRate = new Map();
    lanes.set(first, byRate);
  }
  let gate = byRate.get(rate);
  if (gate === undefined) {
    gate = {
      ...{ pool, rate },
      room: () => Math.min(pool?.room() ?? Infinity, rate?.room() ?? Infinity),
    };
    byRate.set(rate, gate);
  }
  return gate;
}

/** Null for a task that only the limits of its run and its pool hold. */
function ownGateOf(run: ActiveRun, ix: number, task: TaskSpec): Gate | null {
  const { maxActiveTis, maxActiveTisPerRun } = task;
  const perDag = run.version.compiled.spec.maxActiveTasksPerDag;
  const { load, gates } = run.dag;
  if (maxActiveTisPerRun !== null) {
    return once(
      run.gates,
      String(ix),
      () => () =>
        Math.min(
          (perDag ?? Infinity) - load.active,
          (maxActiveTis ?? Infinity) - (load.byTask.get(task.id) ?? 0),
          maxActiveTisPerRun - (run.engine.occupied?.[ix] ?? 0),
        ),
    );
  }
  if (maxActiveTis !== null) {
    return once(
      gates,
      `${task.id} ${maxActiveTis} ${perDag}`,
      () => () =>
        Math.min(
          (perDag ?? Infinity) - load.active,
          maxActiveTis - (load.byTask.get(task.id) ?? 0),
        ),
    );
  }
  if (perDag === null) return null;
  return once(gates, String(perDag), () => () => perDag - load.active);
}

function once(gates: Map<string, Gate>, name: string, make: () => () => number): Gate {
  let gate = gates.get(name);
  if (gate === undefined) {
    gate = { room: make() };
    gates.set(name, gate);
  }
  return gate;
}
