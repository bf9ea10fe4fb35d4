/** No figure without proof: everything ran once, in order, and the counters are those that counting from scratch gives. */
import { deepStrictEqual, equal, ok } from "node:assert/strict";
import {
  eachInstance,
  instanceState,
  recount,
  runStateName,
  slotOf,
  TaskState,
  type InstanceRef,
  type Run,
} from "@millrace/engine";
import type { Drive } from "./drive.ts";
import type { Shape } from "./shapes.ts";

/** All that an instance waits for has succeeded; in a mapped group that is what has the same index. */
export function verifyGrant(run: Run, { ix, mapIx }: InstanceRef): void {
  const { parentOffsets, parents, mapping, taskIds } = run.dag;
  for (let edge = parentOffsets[ix]!; edge < parentOffsets[ix + 1]!; edge++) {
    const parent = parents[edge]!;
    const isMate = mapping.commonFrame(parent, ix) >= 0;
    const isExpanded = slotOf(run, parent, -1) < 0;
    const isDone =
      isExpanded && !isMate
        ? run.tallies.open[parent] === 0
        : instanceState(run, parent, isMate ? mapIx : -1) === TaskState.success;
    ok(isDone, `No figure: ${taskIds[ix]}[${mapIx}] began before ${taskIds[parent]} had ended.`);
  }
}

export function verifyCounters(run: Run): void {
  const { counts, tallies } = recount(run);
  const { shared, own, ownAt, ownSize, open, idle } = tallies;
  const kept = run.tallies;
  deepStrictEqual([...run.counts].slice(1), [...counts].slice(1));
  deepStrictEqual(
    { shared: kept.shared, open: kept.open, idle: kept.idle, ownAt: kept.ownAt },
    { shared, open, idle, ownAt },
  );
  deepStrictEqual(kept.own.subarray(0, kept.ownSize), own.subarray(0, ownSize));
}

/** Each instance was granted once and succeeded, and with them the run; one event and one row for each step. */
export function verifyEnd({ run, events, changes }: Drive, { instances }: Shape): void {
  let found = 0;
  eachInstance(run, (slot) => {
    found++;
    equal(run.instances.state[slot], TaskState.success);
    equal(run.instances.attempt[slot], 1);
  });
  equal(runStateName(run.state), "success");
  equal(found, instances);
  equal(run.counts[TaskState.success], instances);
  equal(events, 1 + 2 * instances);
  equal(changes, 2 * instances);
}
