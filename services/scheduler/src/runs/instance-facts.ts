/** What an owner knows of the task instances of a run beside the engine: moments, and who runs them. By the engine's slots. */

import { slotOf, type InstanceRef, type Run } from "@millrace/engine";
import { instanceKey } from "./instance-key.ts";

/** Milliseconds since 1970; 0 where there is none. */
export type InstanceFacts = {
  readyAt(ref: InstanceRef): number;
  /** When the newest try began: with its first attempt, if a sensor has been rescheduled since. */
  startedAt(ref: InstanceRef): number;
  /** The session of the newest grant; 0 when there was none. */
  sessionKey(ref: InstanceRef): number;
  /** When the wait is over, while it lasts. */
  waitUntil(ref: InstanceRef): number;
  /** The first attempt of the newest try of a sensor that was rescheduled in it; 0 for others. */
  firstAttempt(ref: InstanceRef): number;
  setReady(
    span: { readonly ix: number; readonly from: number; readonly to: number },
    at: number,
  ): void;
  setStarted(ref: InstanceRef, at: number): void;
  setSession(ref: InstanceRef, sessionKey: number): void;
  setWait(ref: InstanceRef, until: number): void;
  setFirstAttempt(ref: InstanceRef, attempt: number): void;
  /** It begins anew: nobody has run it. */
  clear(ref: InstanceRef): void;
  /** What its row says. */
  restore(ref: InstanceRef, row: InstanceRowFacts): void;
  /** Tasks were expanded: makes room, and moves what is known of instances whose place has changed. */
  follow(expanded: readonly { readonly ix: number }[]): void;
};

export type InstanceRowFacts = {
  readonly readyAt: number;
  readonly startedAt: number;
  readonly sessionKey: number;
  readonly waitUntil: number;
  readonly firstAttempt: number;
};

/** Instances are few at first, and may be very many once a mapped task is expanded. */
export function createInstanceFacts(engine: Run): InstanceFacts {
  const { instances } = engine;
  let readyAt = new Float64Array(instances.size);
  let startedAt = new Float64Array(instances.size);
  let sessionKey = new Int32Array(instances.size);
  // Few instances ever wait.
  const waitUntil = new Map<number, number>();
  const firstAttempt = new Map<number, number>();
  const first = instances.first.slice();
  const count = instances.count.slice();

  const slot = ({ ix, mapIx }: InstanceRef) => (mapIx < 0 ? ix : slotOf(engine, ix, mapIx));

  function grow(): void {
    if (instances.size <= readyAt.length) return;
    const size = Math.max(instances.size, instances.state.length);
    readyAt = grown(new Float64Array(size), readyAt);
    startedAt = grown(new Float64Array(size), startedAt);
    sessionKey = grown(new Int32Array(size), sessionKey);
  }

  function move(from: number, to: number, length: number): void {
    readyAt.copyWithin(to, from, from + length);
    startedAt.copyWithin(to, from, from + length);
    sessionKey.copyWithin(to, from, from + length);
  }

  function put(map: Map<number, number>, ref: InstanceRef, value: number): void {
    if (value > 0) map.set(instanceKey(ref), value);
    else if (map.size > 0) map.delete(instanceKey(ref));
  }

  return {
    readyAt: (ref) => readyAt[slot(ref)] ?? 0,
    startedAt: (ref) => startedAt[slot(ref)] ?? 0,
    sessionKey: (ref) => sessionKey[slot(ref)] ?? 0,
    waitUntil: (ref) => waitUntil.get(instanceKey(ref)) ?? 0,
    firstAttempt: (ref) => firstAttempt.get(instanceKey(ref)) ?? 0,
    setReady({ ix, from, to }, at) {
      const start = slot({ ix, mapIx: from });
      if (start >= 0) readyAt.fill(at, start, start + to - from);
    },
    setStarted(ref, at) {
      startedAt[slot(ref)] = at;
    },
    setSession(ref, key) {
      sessionKey[slot(ref)] = key;
    },
    setWait: (ref, until) => put(waitUntil, ref, until),
    setFirstAttempt: (ref, attempt) => put(firstAttempt, ref, attempt),
    clear(ref) {
      const at = slot(ref);
      readyAt[at] = 0;
      startedAt[at] = 0;
      sessionKey[at] = 0;
    },
    restore(ref, row) {
      const at = slot(ref);
      // A row of an instance that the task does not have any more.
      if (at < 0) return;
      readyAt[at] = row.readyAt;
      startedAt[at] = row.startedAt;
      sessionKey[at] = row.sessionKey;
      put(waitUntil, ref, row.waitUntil);
      put(firstAttempt, ref, row.firstAttempt);
    },
    follow(expanded) {
      grow();
      for (const { ix } of expanded) {
        const [from, to] = [first[ix] ?? -1, instances.first[ix] ?? -1];
        if (from >= 0 && to >= 0 && from !== to) move(from, to, count[ix] ?? 0);
        first[ix] = to;
        count[ix] = instances.count[ix] ?? -1;
      }
    },
  };
}

function grown<A extends Float64Array | Int32Array>(larger: A, known: A): A {
  larger.set(known);
  return larger;
}
