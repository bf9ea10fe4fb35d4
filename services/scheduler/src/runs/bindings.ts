/** Which session runs which attempts of this owner's runs. */

import type { InstanceRef } from "@millrace/engine";
import { instanceKey } from "./instance-key.ts";
import type { ActiveRun, Bound } from "./run.ts";
import { cutFrom, putIn } from "../map-of-sets.ts";

export type Bindings = {
  bind(run: ActiveRun, about: Omit<Bound, "run" | "misses" | "missedAtMs">): void;
  unbind(run: ActiveRun, ref: InstanceRef): void;
  unbindRun(run: ActiveRun): void;
  of(sessionKey: number): Iterable<Bound>;
  sessionKeys(): number[];
};

export function createBindings(): Bindings {
  const sessions = new Map<number, Set<Bound>>();

  function unbind(run: ActiveRun, key: number): void {
    const bound = run.bound.get(key);
    if (bound === undefined) return;
    run.bound.delete(key);
    cutFrom(sessions, bound.sessionKey, bound);
  }

  return {
    bind(run, about) {
      const { ix, mapIx, sessionKey } = about;
      const key = instanceKey({ ix, mapIx });
      unbind(run, key);
      const bound: Bound = { run, ...about, misses: 0, missedAtMs: -Infinity };
      run.bound.set(key, bound);
      putIn(sessions, sessionKey, bound);
    },
    unbind: (run, ref) => unbind(run, instanceKey(ref)),
    unbindRun(run) {
      for (const key of [...run.bound.keys()]) unbind(run, key);
    },
    of: (sessionKey) => [...(sessions.get(sessionKey) ?? [])],
    sessionKeys: () => [...sessions.keys()],
  };
}
