/**
 * Tasks that wait for runs of other DAGs. A wait costs nothing while nothing happens: it is looked for when it begins, when
 * the owner of that DAG says that something of it has ended, and, for the case that such a message was lost, from time to
 * time together with all others.
 */

import { create, toBinary } from "@bufbuild/protobuf";
import { judgeExternal, type ExternalVerdict, type InstanceRef } from "@millrace/engine";
import { externalWaitFromProto } from "@millrace/wire";
import { DagsAwaitedSchema } from "@millrace/wire/internal";
import { apply } from "../apply.ts";
import { instanceKey, instanceOfKey } from "../runs/instance-key.ts";
import { loadedShard, type Owner } from "../owner.ts";
import type { ActiveRun } from "../runs/run.ts";
import type { Versions } from "../shards/versions.ts";
import { openWait } from "../waits/waits.ts";
import { eventOf } from "./event.ts";
import type { ExternalWaits, WaitEntry } from "./external-wait.ts";
import { lookFor } from "./look.ts";
import { pause } from "../clock.ts";

export function createExternalWaits(parts: {
  readonly owner: () => Owner;
  readonly versions: Versions;
}): ExternalWaits {
  /** By run key, then by instance key. */
  const runs = new Map<number, Map<number, WaitEntry>>();
  const byDag = new Map<string, Set<WaitEntry>>();
  /** To be looked for. */
  const wanted = new Set<WaitEntry>();
  /** DAGs that were not announced yet. */
  const unsaid = new Set<string>();
  let isLooking = false;
  let cancelRepeat: (() => void) | null = null;
  let cancelSafety: (() => void) | null = null;
  let isStopped = false;

  function add(entry: WaitEntry): void {
    const ofRun = runs.get(entry.run.key) ?? new Map<number, WaitEntry>();
    runs.set(entry.run.key, ofRun.set(instanceKey(entry), entry));
    const { dagId } = entry.wait;
    const ofDag = byDag.get(dagId);
    if (ofDag === undefined) {
      byDag.set(dagId, new Set([entry]));
      unsaid.add(dagId);
    } else ofDag.add(entry);
    want([entry]);
  }

  function remove(entry: WaitEntry): void {
    wanted.delete(entry);
    const ofRun = runs.get(entry.run.key);
    if (ofRun?.get(instanceKey(entry)) === entry) ofRun.delete(instanceKey(entry));
    if (ofRun?.size === 0) runs.delete(entry.run.key);
    const ofDag = byDag.get(entry.wait.dagId);
    ofDag?.delete(entry);
    if (ofDag?.size === 0) byDag.delete(entry.wait.dagId);
  }

  function find(run: ActiveRun, ref: InstanceRef): WaitEntry | undefined {
    return runs.get(run.key)?.get(instanceKey(ref));
  }

  function isCurrent(entry: WaitEntry): boolean {
    const { run, attempt } = entry;
    return (
      !run.isGone &&
      find(run, entry) === entry &&
      loadedShard(parts.owner(), run.shard) !== null &&
      openWait(run, entry)?.attempt === attempt
    );
  }

  function want(entries: Iterable<WaitEntry>): void {
    for (const entry of entries) wanted.add(entry);
    if (wanted.size === 0 || isStopped) return;
    arm();
    if (isLooking) return;
    isLooking = true;
    // What begins or rings together is looked for together. Whoever owns these DAGs hears of it first.
    parts.owner().clock.after(parts.owner().settings.externalLookDelayMs, () => {
      say(unsaid);
      lookAll().catch((error: unknown) => {
        isLooking = false;
        parts.owner().log.error({ err: error }, "external.look_broken");
      });
    });
  }

  async function lookAll(): Promise<void> {
    const { settings, log, clock } = parts.owner();
    while (wanted.size > 0) {
      if (isStopped) return;
      const some = [...wanted].slice(0, settings.externalLooksMax);
      for (const entry of some) wanted.delete(entry);
      try {
        await lookAt(some);
      } catch (error) {
        log.warn({ waits: some.length, err: error }, "external.look_failed");
        await pause(clock, settings.reloadDelayMs.max);
        for (const entry of some) if (isCurrent(entry)) wanted.add(entry);
      }
    }
    isLooking = false;
  }

  async function lookAt(entries: readonly WaitEntry[]): Promise<void> {
    const { db } = parts.owner();
    const found = await lookFor(
      { db, versions: parts.versions },
      entries.map(({ wait }) => wait),
    );
    let isAnyOver = false;
    for (const [at, entry] of entries.entries()) {
      entry.found = found[at] ?? null;
      if (entry.found === null || !isCurrent(entry)) continue;
      const verdict = judgeExternal(entry.wait, entry.found);
      if (verdict.kind === "waiting") continue;
      conclude(entry, verdict);
      isAnyOver = true;
    }
    if (isAnyOver) parts.owner().pump();
  }

  function conclude(entry: WaitEntry, verdict: ExternalVerdict): void {
    const owner = parts.owner();
    const { event, about } = eventOf(entry, verdict, owner.dbClock.now());
    if (event !== null) apply(owner, entry.run, event, about);
  }

  /** Which DAGs are waited for. */
  function say(dagIds: Iterable<string>, asks = false): void {
    const all = [...dagIds];
    unsaid.clear();
    if (all.length === 0 && !asks) return;
    const { bus, nodeId } = parts.owner();
    const message = create(DagsAwaitedSchema, { nodeId, dagIds: all, asks });
    bus.publish("awaited", toBinary(DagsAwaitedSchema, message));
  }

  /** Timers run only while something is waited for. */
  function arm(): void {
    const { clock, settings } = parts.owner();
    cancelRepeat ??= clock.after(settings.awaitedRepeatMs, () => {
      cancelRepeat = null;
      if (byDag.size === 0 || isStopped) return;
      say(byDag.keys());
      arm();
    });
    cancelSafety ??= clock.after(settings.externalSafetyMs, () => {
      cancelSafety = null;
      want([...byDag.values()].flatMap((entries) => [...entries]));
    });
  }

  function begin(run: ActiveRun, ref: InstanceRef): void {
    const row = openWait(run, ref);
    const trigger = row?.deferral?.trigger;
    if (row === null || trigger?.case !== "runs") return;
    const known = find(run, ref);
    if (known?.attempt === row.attempt) {
      known.run = run;
      want([known]);
      return;
    }
    if (known !== undefined) remove(known);
    const wait = externalWaitFromProto(trigger.value);
    const { ix, mapIx } = ref;
    add({ run, ix, mapIx, attempt: row.attempt, wait, found: null });
  }

  return {
    begin,
    attach(run) {
      for (const entry of [...(runs.get(run.key)?.values() ?? [])]) {
        entry.run = run;
        if (openWait(run, entry)?.attempt !== entry.attempt) remove(entry);
      }
      for (const key of run.waits.keys()) begin(run, instanceOfKey(key));
    },
    end(run, ref) {
      const entry = find(run, ref);
      if (entry !== undefined) remove(entry);
    },
    foundOf: (run, ref) => find(run, ref)?.found ?? null,
    async look(run, ref) {
      const entry = find(run, ref);
      if (entry !== undefined) await lookAt([entry]);
    },
    ring(dagIds) {
      for (const dagId of dagIds) want(byDag.get(dagId) ?? []);
    },
    announce() {
      say(byDag.keys());
      want([...byDag.values()].flatMap((entries) => [...entries]));
    },
    forget(runKey) {
      for (const entry of [...(runs.get(runKey)?.values() ?? [])]) remove(entry);
    },
    dropShards(shards) {
      for (const ofRun of [...runs.values()])
        for (const entry of [...ofRun.values()]) if (shards.has(entry.run.shard)) remove(entry);
    },
    stop() {
      isStopped = true;
      cancelRepeat?.();
      cancelSafety?.();
    },
  };
}
