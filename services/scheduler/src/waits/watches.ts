/**
 * Which triggerer watches what a deferred task waits for. In memory only: a watch is not written, and not fenced. One that is
 * lost, with its triggerer or with the memory of an owner, is given to another; the first report counts.
 */

import { triggerHandler, type InstanceRef } from "@millrace/engine";
import type { DeferralRow } from "@millrace/wire/internal";
import { watchAssignment, watchIdFor } from "../dispatch/assignment.ts";
import { instanceKey, instanceOfKey } from "../runs/instance-key.ts";
import type { Owner } from "../owner.ts";
import type { ActiveRun } from "../runs/run.ts";
import { createSideBook } from "../dispatch/side-book.ts";
import { openWait } from "./waits.ts";
import type { Watch, Watches } from "./watch.ts";
import { finished, regranted } from "../results/verdicts.ts";

export function createWatches(self: () => Owner): Watches {
  const book = createSideBook<Watch>(self);
  /** By run key, then by instance key. */
  const runs = new Map<number, Map<number, Watch>>();

  function remove(watch: Watch): void {
    book.detach(watch);
    const { key } = watch.run;
    const ofRun = runs.get(key);
    if (ofRun?.get(instanceKey(watch)) === watch) ofRun.delete(instanceKey(watch));
    if (ofRun?.size === 0) runs.delete(key);
  }

  function isKnown(watch: Watch): boolean {
    return runs.get(watch.run.key)?.get(instanceKey(watch)) === watch;
  }

  function stop(watch: Watch): void {
    book.stop(watch, watchIdFor(watch));
    remove(watch);
  }

  function begin(run: ActiveRun, ref: InstanceRef): void {
    const row = openWait(run, ref);
    const handler = row === null ? null : handlerOf(row);
    if (row === null || handler === null) return;
    const { ix, mapIx } = ref;
    const { attempt } = row;
    const ofRun = runs.get(run.key) ?? new Map<number, Watch>();
    runs.set(run.key, ofRun);
    const known = ofRun.get(instanceKey(ref));
    if (known?.attempt === attempt) {
      known.run = run;
      return;
    }
    if (known !== undefined) stop(known);
    const queue = run.version.compiled.tasks[ix]?.queue ?? "";
    const line = { queue, handler: triggerHandler(handler) };
    const watch: Watch = { run, ix, mapIx, attempt, line, sessionKey: null, misses: 0 };
    runs.set(run.key, ofRun.set(instanceKey(ref), watch));
    book.place(watch, line);
  }

  function find(run: ActiveRun, ref: InstanceRef, attempt: number): Watch | null {
    const watch = runs.get(run.key)?.get(instanceKey(ref));
    return watch?.attempt === attempt ? watch : null;
  }

  function again(watch: Watch, delayMs = 0): void {
    book.detach(watch);
    const wait = (): void => {
      if (isKnown(watch) && watch.sessionKey === null) book.place(watch, watch.line);
    };
    if (delayMs > 0) self().clock.after(delayMs, wait);
    else wait();
  }

  /** The row it is about; null when the wait is over, or being read again. */
  function rowOf({ run, ix, mapIx, attempt }: Watch): DeferralRow | null {
    const row = openWait(run, { ix, mapIx });
    return row?.attempt === attempt ? row : null;
  }

  return {
    begin,
    attach(run) {
      for (const watch of [...(runs.get(run.key)?.values() ?? [])]) {
        watch.run = run;
        if (rowOf(watch) === null) stop(watch);
      }
      for (const key of run.waits.keys()) begin(run, instanceOfKey(key));
    },
    end(run, ref) {
      const watch = runs.get(run.key)?.get(instanceKey(ref));
      if (watch !== undefined) stop(watch);
    },
    find,
    unbind: book.detach,
    again,
    endSession(sessionKey) {
      for (const watch of book.of(sessionKey)) again(watch);
    },
    loseMissing(sessionKey, named) {
      const missing = book.missing(sessionKey, (watch) => named.has(watchIdFor(watch)));
      for (const watch of missing) again(watch);
      return missing.length;
    },
    verdictOn(sessionKey, run, ref) {
      const watch = run === undefined ? null : find(run, ref, ref.attempt);
      if (watch === null) return finished;
      if (watch.sessionKey === null) book.bind(watch, sessionKey);
      if (watch.sessionKey === sessionKey) return null;
      return regranted;
    },
    triggererOf(run, ref) {
      const { sessionKey = null } = runs.get(run.key)?.get(instanceKey(ref)) ?? {};
      return sessionKey === null ? null : self().names.get(sessionKey) || `session ${sessionKey}`;
    },
    sessionKeys: book.sessionKeys,
    countOf: (sessionKey) => book.of(sessionKey).length,
    lines: book.lines,
    count: book.count,
    grantOne(line) {
      const next = book.first(line);
      if (next === null) return false;
      const { work: watch, session } = next;
      const row = rowOf(watch);
      if (row === null) {
        self().slots.putBack(session.sessionKey);
        remove(watch);
      } else {
        book.hand(watch, line, session, watchAssignment(watch, row));
      }
      return true;
    },
    forget(runKey) {
      for (const watch of [...(runs.get(runKey)?.values() ?? [])]) remove(watch);
    },
    dropShards(shards) {
      for (const ofRun of [...runs.values()])
        for (const watch of [...ofRun.values()]) if (shards.has(watch.run.shard)) remove(watch);
    },
  };
}

function handlerOf({ deferral }: DeferralRow): string | null {
  return deferral?.trigger.case === "watch" ? deferral.trigger.value.handler : null;
}
