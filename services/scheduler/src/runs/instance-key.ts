/** Names a task instance within its run by one number, for maps. */

import type { InstanceRef } from "@millrace/engine";

/** More than a DAG may have tasks (`dagLimits.tasks`). */
const stride = 2 ** 17;

/** A task that is not mapped has its index. Keys stay small integers, which maps like best, up to map index 16,382. */
export function instanceKey({ ix, mapIx }: InstanceRef): number {
  return ix + (mapIx + 1) * stride;
}

/** The task instance that a key names. */
export function instanceOfKey(key: number): InstanceRef {
  return { ix: key % stride, mapIx: Math.floor(key / stride) - 1 };
}
