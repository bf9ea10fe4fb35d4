/** Resource scopes: something is made, work uses it, and it is removed whatever became of the work. */

import { MillraceError } from "@millrace/engine";
import type { Handle } from "../wiring/handle.ts";
import type { OrderKey, Ordered } from "../wiring/order.ts";
import { placed, type Placed } from "./placed.ts";
import { flag, readOptions } from "../options/read-options.ts";
import { currentWiring, refusePromise, type Wiring } from "../wiring/wiring.ts";

export type SetupOptions = {
  /** Whether the run fails when what it acquired cannot be released. Default false. */
  readonly failsRun?: boolean;
};

/**
 * Wires a scope: `acquire` first, then what `within` wires, then what `release` wires, which runs whatever happened
 * inside, if `acquire` succeeded. Clearing a task inside brings both along. Returns what `within` returns.
 *
 * @param acquire the handle of the task that makes the resource; both functions get it.
 * @param release a task, or a function that wires one or more.
 * @example
 * const total = setup(createCluster(3), deleteCluster, (cluster) => sum(count(cluster, run.ds)));
 * @throws MillraceError DAG_INVALID
 */
export function setup<T, R>(
  acquire: Handle<T>,
  release: (acquired: Handle<T>) => Ordered | void,
  within: (acquired: Handle<T>) => R,
): Placed<R>;
export function setup<T, R>(
  options: SetupOptions,
  acquire: Handle<T>,
  release: (acquired: Handle<T>) => Ordered | void,
  within: (acquired: Handle<T>) => R,
): Placed<R>;
export function setup(...given: readonly unknown[]): unknown {
  const wiring = currentWiring("setup(…)");
  const [options, acquire, release, within] = given.length > 3 ? given : [{}, ...given];
  const { node, key } = wiring.nodeOf(acquire, "setup(…)");
  const what = `setup "${node.id}" of DAG "${wiring.dag.dagId}"`;
  const readers = { failsRun: flag };
  const { failsRun = false } = readOptions<{ failsRun: boolean }>(options as object, readers, what);
  const work = wirePart(wiring, within, acquire, `what ${what} is for`);
  const end = wirePart(wiring, release, acquire, `the release of ${what}`);
  if (end.isEmpty) {
    throw new MillraceError("DAG_INVALID", `${what} wires nothing that releases it`);
  }
  wiring.setRole(node.id, { role: "setup", failsRun: false });
  for (const id of end.ids) wiring.setRole(id, { role: "teardown", failsRun });
  if (!work.isEmpty) {
    wiring.link(key, work.key);
    wiring.link(work.key, end.key);
  }
  wiring.link(key, end.key);
  return placed(work.result, {
    kind: "block",
    id: node.id,
    wiring,
    entry: node.id,
    parts: [work.key],
    isChoice: false,
  });
}

type Part = {
  readonly key: OrderKey;
  readonly ids: readonly string[];
  readonly isEmpty: boolean;
  readonly result: unknown;
};

function wirePart(wiring: Wiring, wire: unknown, acquired: unknown, what: string): Part {
  if (typeof wire !== "function") {
    throw new MillraceError("DAG_INVALID", `${what} must be a function`);
  }
  const { result, region } = wiring.record(() => (wire as (value: unknown) => unknown)(acquired));
  refusePromise(result, `the function of ${what}`);
  const ids = wiring.calls.slice(region.start, region.end);
  const key: OrderKey = { kind: "region", id: what, wiring, region };
  return { key, ids, isEmpty: ids.length === 0, result };
}
