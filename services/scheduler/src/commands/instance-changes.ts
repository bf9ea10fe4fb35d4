/** Waiting for the next change of a task instance. */

import type { InstanceRef } from "@millrace/engine";
import type { Clock } from "../clock.ts";
import { instanceKey } from "../runs/instance-key.ts";
import type { ActiveRun } from "../runs/run.ts";

/** Resolves when it changes, when its run leaves memory, or after a time. */
export function nextChange(
  clock: Clock,
  run: ActiveRun,
  ref: InstanceRef,
  timeoutMs: number,
): Promise<void> {
  const key = instanceKey(ref);
  const { promise, resolve } = Promise.withResolvers<void>();
  const listeners = run.listeners.get(key) ?? new Set();
  run.listeners.set(key, listeners.add(resolve));
  const cancel = clock.after(timeoutMs, resolve);
  return promise.finally(() => {
    cancel();
    listeners.delete(resolve);
    if (listeners.size === 0 && run.listeners.get(key) === listeners) run.listeners.delete(key);
  });
}

export function wakeOnChange(run: ActiveRun, ref: InstanceRef): void {
  if (run.listeners.size === 0) return;
  for (const wake of run.listeners.get(instanceKey(ref)) ?? []) wake();
}

/** The run leaves memory. */
export function wakeAll(run: ActiveRun): void {
  for (const listeners of run.listeners.values()) for (const wake of listeners) wake();
}
