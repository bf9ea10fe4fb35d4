/**
 * Which triggerer watches what a deferred task waits for. In memory only: a watch is not written, and not fenced. One that is
 * lost, with its triggerer or with the memory of an owner, is given to another; the first report counts.
 */

import { create } from "@bufbuild/protobuf";
import { triggerHandler, type InstanceRef } from "@millrace/engine";
import { SessionCancelSchema, type DeferralRow } from "@millrace/wire/internal";
import { watchAssignment, watchIdFor } from "./assignment.ts";
import { apiNodesOf } from "./dispatch.ts";
import { instanceKey, instanceOfKey } from "./instance-key.ts";
import { sessionAssignment } from "./outbox.ts";
import type { Owner } from "./owner.ts";
import type { LineKey } from "./ready-queue.ts";
import type { ActiveRun } from "./run.ts";
import { openWait } from "./waits.ts";
import type { Watch, Watches, WatchLine } from "./watch.ts";

export function createWatches(self: () => Owner): Watches {
  const lines = new Map<string, WatchLine>();
  /** By run key, then by instance key. */
  const runs = new Map<number, Map<number, Watch>>();
  const sessions = new Map<number, Set<Watch>>();

  function lineOf({ queue, handler }: LineKey): WatchLine {
    const name = JSON.stringify([queue, handler]);
    let line = lines.get(name);
    if (line === undefined) {
      line = { queue, handler, waiting: new Set() };
      lines.set(name, line);
    }
    return line;
  }

  function unbind(watch: Watch): void {
    watch.line.waiting.delete(watch);
    if (watch.sessionKey === null) return;
    const all = sessions.get(watch.sessionKey);
    all?.delete(watch);
    if (all?.size === 0) sessions.delete(watch.sessionKey);
    watch.sessionKey = null;
  }

  function bind(watch: Watch, sessionKey: number): void {
    unbind(watch);
    watch.sessionKey = sessionKey;
    watch.misses = 0;
    const all = sessions.get(sessionKey);
    if (all === undefined) sessions.set(sessionKey, new Set([watch]));
    else all.add(watch);
  }

  function remove(watch: Watch): void {
    unbind(watch);
    const { key } = watch.run;
    const ofRun = runs.get(key);
    if (ofRun?.get(instanceKey(watch)) === watch) ofRun.delete(instanceKey(watch));
    if (ofRun?.size === 0) runs.delete(key);
  }

  function isKnown(watch: Watch): boolean {
    return runs.get(watch.run.key)?.get(instanceKey(watch)) === watch;
  }

  function stop(watch: Watch): void {
    const { sessionKey } = watch;
    remove(watch);
    if (sessionKey === null) return;
    const owner = self();
    const message = create(SessionCancelSchema, {
      sessionKey: BigInt(sessionKey),
      attemptId: watchIdFor(watch),
    });
    for (const apiNodeId of apiNodesOf(owner, sessionKey)) owner.outbox.cancel(apiNodeId, message);
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
    const line = lineOf({ queue, handler: triggerHandler(handler) });
    const watch: Watch = { run, ix, mapIx, attempt, line, sessionKey: null, misses: 0 };
    runs.set(run.key, ofRun.set(instanceKey(ref), watch));
    line.waiting.add(watch);
    self().pump();
  }

  function find(run: ActiveRun, ref: InstanceRef, attempt: number): Watch | null {
    const watch = runs.get(run.key)?.get(instanceKey(ref));
    return watch?.attempt === attempt ? watch : null;
  }

  function again(watch: Watch, delayMs = 0): void {
    unbind(watch);
    const wait = (): void => {
      if (!isKnown(watch) || watch.sessionKey !== null) return;
      watch.line.waiting.add(watch);
      self().pump();
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
    unbind,
    again,
    endSession(sessionKey) {
      for (const watch of [...(sessions.get(sessionKey) ?? [])]) again(watch);
    },
    loseMissing(sessionKey, named) {
      let count = 0;
      for (const watch of [...(sessions.get(sessionKey) ?? [])]) {
        watch.misses = named.has(watchIdFor(watch)) ? 0 : watch.misses + 1;
        // The first time it may have been on its way, there or back.
        if (watch.misses < self().settings.inventoryMissesMax) continue;
        again(watch);
        count += 1;
      }
      return count;
    },
    verdictOn(sessionKey, run, ref) {
      const watch = run === undefined ? null : find(run, ref, ref.attempt);
      if (watch === null) return { kind: "STALE", reason: "FINISHED" };
      if (watch.sessionKey === null) bind(watch, sessionKey);
      if (watch.sessionKey === sessionKey) return null;
      return { kind: "STALE", reason: "EXPIRED_AND_REGRANTED" };
    },
    triggererOf(run, ref) {
      const { sessionKey = null } = runs.get(run.key)?.get(instanceKey(ref)) ?? {};
      return sessionKey === null ? null : self().names.get(sessionKey) || `session ${sessionKey}`;
    },
    sessionKeys: () => [...sessions.keys()],
    countOf: (sessionKey) => sessions.get(sessionKey)?.size ?? 0,
    lines: () => [...lines.values()].filter((line) => line.waiting.size > 0),
    count: (line, max) => Math.min(max, lineOf(line).waiting.size),
    grantOne(line) {
      const owner = self();
      const [watch] = lineOf(line).waiting;
      if (watch === undefined) return false;
      const session = owner.slots.take(line);
      if (session === null) return false;
      const row = rowOf(watch);
      if (row === null) {
        owner.slots.putBack(session.sessionKey);
        remove(watch);
        return true;
      }
      const { sessionKey } = session;
      owner.names.put(sessionKey, session.workerName);
      bind(watch, sessionKey);
      owner.demand.onGranted(line);
      const message = sessionAssignment(sessionKey, watchAssignment(watch, row));
      owner.outbox.assign(session.apiNodeId, message);
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
