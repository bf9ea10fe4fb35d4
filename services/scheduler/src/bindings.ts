/** Which session runs which attempts of this owner's runs. */

import type { ActiveRun, Bound } from "./run.ts";

export type Bindings = {
  bind(run: ActiveRun, about: Omit<Bound, "run" | "misses">): void;
  unbind(run: ActiveRun, ix: number): void;
  unbindRun(run: ActiveRun): void;
  of(sessionKey: number): Iterable<Bound>;
  sessionKeys(): number[];
};

export function createBindings(): Bindings {
  const sessions = new Map<number, Set<Bound>>();

  function unbind(run: ActiveRun, ix: number): void {
    const bound = run.bound.get(ix);
    if (bound === undefined) return;
    run.bound.delete(ix);
    const all = sessions.get(bound.sessionKey);
    all?.delete(bound);
    if (all?.size === 0) sessions.delete(bound.sessionKey);
  }

  return {
    bind(run, about) {
      const { ix, sessionKey } = about;
      unbind(run, ix);
      const bound: Bound = { run, ...about, misses: 0 };
      run.bound.set(ix, bound);
      const all = sessions.get(sessionKey);
      if (all === undefined) sessions.set(sessionKey, new Set([bound]));
      else all.add(bound);
    },
    unbind,
    unbindRun(run) {
      for (const ix of [...run.bound.keys()]) unbind(run, ix);
    },
    of: (sessionKey) => [...(sessions.get(sessionKey) ?? [])],
    sessionKeys: () => [...sessions.keys()],
  };
}
