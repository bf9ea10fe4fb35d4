/** How attempts end, and how they are forgotten. */

import type { Instance } from "./world.ts";

export function end(one: Instance, state: Instance["state"]): void {
  one.state = state;
  one.isOpen = false;
  one.wait = null;
  one.retryAt = null;
}

/** As if it had never run, but for the number of its attempts. */
export function becomeNone(one: Instance): void {
  end(one, "none");
  one.uncounted = one.attempt;
  one.losses = 0;
  one.isCleared = true;
  forget(one);
}

/** What a success left that others go by. */
export function forget(one: Instance): void {
  one.hasValue = false;
  one.lengths = new Map();
  one.choice = null;
}

/** Ready because of what is before it, not because of what became of an earlier attempt. */
export function isDerived(one: Instance): boolean {
  return one.state === "scheduled" && (one.attempt === 0 || one.isCleared);
}

export function isExecuting({ state }: Instance): boolean {
  return state === "running" || state === "restarting";
}
