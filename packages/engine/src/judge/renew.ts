/** Task instances that start over: as if they had never run, but for the numbers of their attempts. */

import { change, slotAt } from "../run/change.ts";
import { dropChoice } from "./control.ts";
import { instanceFlags as flags, setFlag } from "../run/instances.ts";
import type { Effects, InstanceRef, Run } from "../run/run.ts";
import { TaskState } from "../spec/states.ts";

/** What a success left that others go by. */
export function forgetOutcome(run: Run, ref: InstanceRef): void {
  run.lengths.measured.delete(ref.ix);
  dropChoice(run, ref);
}

/** It has all its retries and losses again. The caller judges it. */
export function becomeNone(run: Run, ref: InstanceRef, effects: Effects): void {
  const { instances } = run;
  const slot = slotAt(run, ref);
  instances.uncounted[slot] = instances.attempt[slot]!;
  instances.losses[slot] = 0;
  forgetOutcome(run, ref);
  change(run, ref, { state: TaskState.none }, effects);
  if (instances.attempt[slot]! > 0) setFlag(run, slot, flags.isCleared);
}
