/**
 * Deadlines of runs and tasks: rows that a run gets when it is made, timers for them, and the news that one was missed or is
 * in danger, each told once. What was kept is deleted.
 */

import {
  deleteKeptDeadlines,
  keepDeadlines,
  listDeadlinesOfFailedRuns,
  markDeadline,
  readPastTasks,
  type DeadlineKey,
} from "@millrace/db";
import { pastOfTask, RunState, TaskState } from "@millrace/engine";
import { createBatcher } from "@millrace/service";
import { callbackEvents } from "@millrace/wire";
import { isQueued } from "../backfills/limits.ts";
import { ownsDag, type Owner } from "../owner.ts";
import type { ActiveRun, Version } from "../runs/run.ts";
import type { Step } from "../flush/step.ts";
import type { Versions } from "../shards/versions.ts";
import type { DeadlineDue, Deadlines, History, OpenOne, WatchedRun } from "./deadline.ts";
import { estimate, type AtRisk } from "./estimate.ts";
import { hasDeadlines, readHistory } from "./history.ts";
import { putAndRead, type Prepared, type Subject } from "./put.ts";
import { pause } from "../clock.ts";

/** How long to wait for a success that is in memory and not written yet. */
const successWaitMs = 1_000;

/** States that put off the end of a run. */
const setbacks: ReadonlySet<TaskState> = new Set([
  ...[TaskState.none, TaskState.scheduled, TaskState.restarting, TaskState.failed],
  ...[TaskState.up_for_retry, TaskState.up_for_reschedule],
]);

export function createDeadlines(parts: {
  readonly owner: () => Owner;
  readonly versions: Versions;
}): Deadlines {
  const { versions } = parts;
  const watched = new Map<number, WatchedRun>();
  const histories = new Map<string, { readonly read: Promise<History>; isStale: boolean }>();
  const known = new WeakMap<Version, boolean>();

  const subjects = createBatcher<Subject, null>({ batchMax: 200, run: attendAll });

  function isConcerned(version: Version): boolean {
    const answer = known.get(version) ?? hasDeadlines(version.compiled.spec);
    known.set(version, answer);
    return answer;
  }

  async function attend(subject: Subject): Promise<void> {
    const version = versions.get(subject.facts.dagVersionId);
    if (version !== undefined && !isConcerned(version)) return;
    for (;;) {
      try {
        return void (await subjects.add(subject));
      } catch (error) {
        const { log, clock, settings } = parts.owner();
        log.warn({ run_key: subject.facts.id, err: error }, "deadlines.unwritten");
        await pause(clock, settings.reloadDelayMs.max);
      }
      if (!ownsDag(parts.owner(), subject.dag)) return;
    }
  }

  async function attendAll(all: readonly Subject[]): Promise<null[]> {
    const owner = parts.owner();
    await versions.load(all.map(({ facts }) => facts.dagVersionId));
    const prepared: Prepared[] = [];
    // A run that is made and starts at once is told of twice.
    for (const subject of new Map(all.map((one) => [one.facts.id, one])).values()) {
      const version = versions.get(subject.facts.dagVersionId);
      if (version === undefined || !isConcerned(version)) continue;
      prepared.push({ ...subject, version, history: await historyOf(version) });
    }
    if (prepared.length === 0) return all.map(() => null);
    const open = await putAndRead(owner, prepared);
    for (const subject of prepared) {
      const { dag, facts, version, history } = subject;
      // While the shard is still being read, too: its runs are told of as they come.
      if (ownsDag(owner, dag))
        watch({ dag, key: facts.id, version, history }, open.get(facts.id) ?? []);
    }
    return all.map(() => null);
  }

  /** Read anew for the first run that is made after another has ended. */
  function historyOf(version: Version): Promise<History> {
    const owner = parts.owner();
    const { dagId } = version.compiled.spec;
    const last = histories.get(dagId);
    if (last !== undefined && !last.isStale) return last.read;
    const read = readHistory({ owner, versions }, version);
    const entry = { read, isStale: false };
    histories.set(dagId, entry);
    read.catch(() => {
      entry.isStale = true;
    });
    return read;
  }

  function watch(
    run: Pick<WatchedRun, "dag" | "key" | "version" | "history">,
    open: readonly (DeadlineKey & { readonly state: 1 | 2; readonly dueAt: number })[],
  ): void {
    if (open.length === 0) return void watched.delete(run.key);
    const owner = parts.owner();
    const ones = open.map(({ ix, ordinal, dueAt, state }): OpenOne => ({
      ...{ runKey: run.key, ix, ordinal, dueAt, isAtRisk: state === 2, telling: null },
    }));
    const entry: WatchedRun = { ...run, open: new Set(ones), nextLookAt: null };
    watched.set(run.key, entry);
    const active = owner.runs.get(run.key);
    const dag = owner.dags.get(run.dag.dagId);
    const isGone = active === undefined && dag !== undefined && !isQueued(dag, run.key);
    for (const one of ones) {
      // It succeeded while its row was on its way, or may have: nobody else sees to that.
      const mayBeOver = active === undefined ? isGone && one.ix >= 0 : isDone(active, one.ix);
      setTimer(entry, one, mayBeOver ? owner.dbClock.now() : one.dueAt);
    }
    if (active !== undefined) look(entry, active);
  }

  function setTimer(entry: WatchedRun, one: OpenOne | null, at: number): void {
    parts.owner().timers.add(at, { kind: "deadline", watched: entry, one, at });
  }

  function holds({ watched: entry, one, at }: DeadlineDue): boolean {
    if (watched.get(entry.key) !== entry) return false;
    return one === null ? entry.nextLookAt === at : entry.open.has(one);
  }

  function drop(entry: WatchedRun, one: OpenOne): void {
    entry.open.delete(one);
    if (entry.open.size === 0 && watched.get(entry.key) === entry) watched.delete(entry.key);
  }

  /** A deadline has passed, or what it is about succeeded before it was watched. */
  async function pass(entry: WatchedRun, one: OpenOne): Promise<void> {
    const owner = parts.owner();
    await one.telling;
    const run = owner.runs.get(entry.key);
    const isKept = await hasSucceeded(entry, one, run);
    if (!entry.open.has(one)) return;
    const now = owner.dbClock.now();
    if (!isKept && one.dueAt > now) return setTimer(entry, one, one.dueAt);
    // It is deleted when that is written; or the run comes back without it.
    if (isKept && run !== undefined && owner.flushes.lastStep(run) !== null)
      return setTimer(entry, one, now + successWaitMs);
    if (isKept) write([{ runId: entry.key, epoch: epochOf(entry), ix: one.ix }]);
    else await tell(entry, one, 3, null);
    drop(entry, one);
  }

  async function hasSucceeded(
    { key, version }: WatchedRun,
    { ix }: OpenOne,
    run: ActiveRun | undefined,
  ): Promise<boolean> {
    if (run !== undefined) return isDone(run, ix);
    if (ix < 0) return false;
    const [task] = await readPastTasks(parts.owner().db, [{ runId: key, ix }]);
    const isMissing = (task?.fine ?? 0) < Math.max(1, task?.length ?? 0);
    return version.compiled.tasks[ix] !== undefined && !isMissing && task?.other === null;
  }

  /**
   * Says that a deadline is at risk, or was missed; whoever said it first has said it. It is said until there is an answer,
   * whatever becomes of the run meanwhile: news that was written without one has callbacks that nobody else knows of.
   */
  function tell(
    entry: WatchedRun,
    one: OpenOne,
    state: 2 | 3,
    atRisk: AtRisk | null,
  ): Promise<void> {
    const { dbClock } = parts.owner();
    // Whole milliseconds: what comes of the callbacks is found by it, and what was written without an answer is known by it.
    const happenedAt = Math.floor(dbClock.now());
    const epoch = epochOf(entry);
    const { compiled } = entry.version;
    const on = state === 3 ? "deadline_missed" : "deadline_at_risk";
    const due = (one.ix < 0 ? compiled.spec : compiled.tasks[one.ix])?.callbacks ?? [];
    const callbacks = due.flatMap((callback, place) => (callback.on === on ? [place] : []));
    const news = { on, state, happenedAt, epoch, callbacks, estimate: atRisk } as const;
    const before = one.telling ?? Promise.resolve();
    const telling = before.then(async () => {
      for (let isTold = false; !isTold && epochOf(entry) === epoch;) {
        try {
          await mark(one, news);
          isTold = true;
        } catch (error) {
          const { log, clock, settings } = parts.owner();
          log.warn({ run_key: one.runKey, err: error }, "deadlines.unwritten");
          await pause(clock, settings.reloadDelayMs.max);
        }
      }
      if (one.telling === telling) one.telling = null;
    });
    one.telling = telling;
    return telling;
  }

  async function mark({ runKey, ix, ordinal, dueAt }: OpenOne, news: News): Promise<void> {
    const owner = parts.owner();
    const { on, callbacks, happenedAt, state, epoch } = news;
    const marked = await markDeadline(owner.db, {
      ...{ runId: runKey, ix, ordinal, dueAt, state, happenedAt, callbacks, epoch },
      estimate: news.estimate,
    });
    if (marked === null) return;
    const { dagId } = marked;
    owner.log.info(
      { run_key: runKey, dag_id: dagId, ix, ordinal, due_at: dueAt },
      `deadline.${on}`,
    );
    if (!owner.shards.has(marked.shard)) return;
    owner.deliveries.take(
      callbacks.map((place) => ({
        ...{ runId: runKey, ix, mapIx: -1, attempt: ordinal + 1, event: callbackEvents[on] },
        ...{ ordinal: place, happenedAt, tries: 0, nextTryAt: null, ...marked },
      })),
    );
    owner.pump();
  }

  /** Estimates whether a run will keep its deadlines, and when to do so again. */
  function look(entry: WatchedRun, run: ActiveRun): void {
    const owner = parts.owner();
    entry.nextLookAt = null;
    const { history } = entry;
    if (history === null || history.durations.size === 0) return;
    if (run.isGone || run.engine.state !== RunState.running) return;
    const now = owner.dbClock.now();
    const { atRisk, slackMs } = estimate(run, history, entry, now);
    for (const one of atRisk) {
      one.one.isAtRisk = true;
      void tell(entry, one.one, 2, one);
    }
    // Nothing but a setback, which is looked at when it comes, can bring the next one into danger before that.
    if (slackMs !== null) setLook(entry, now + Math.max(slackMs, owner.settings.deadlineLookMs));
  }

  function setLook(entry: WatchedRun, at: number): void {
    entry.nextLookAt = at;
    setTimer(entry, null, at);
  }

  function follow(step: Step, kept: Kept[]): void {
    const { run, state } = step;
    if (!isConcerned(run.version)) return;
    const entry = watched.get(run.key);
    const epoch = parts.owner().shards.get(run.shard)?.epoch ?? -1;
    if (state === RunState.success) {
      watched.delete(run.key);
      // Also what its tasks kept before.
      forget(entry?.open ?? [], { runId: run.key, epoch, ix: null }, kept);
      return;
    }
    if (entry === undefined) return;
    const ended = new Set([...step.records.values()].map(({ ix }) => ix));
    for (const one of [...entry.open]) {
      if (one.ix < 0 || !ended.has(one.ix) || !isDone(run, one.ix)) continue;
      drop(entry, one);
      forget([one], { runId: run.key, epoch, ix: one.ix }, kept);
    }
    if (isSetback(step)) look(entry, run);
  }

  /** What is still being told of them has its answer first: that finds its callbacks by the rows. */
  function forget(ones: Iterable<OpenOne>, which: Kept, kept: Kept[]): void {
    const telling = [...ones].flatMap((one) => one.telling ?? []);
    if (telling.length === 0) kept.push(which);
    else void Promise.all(telling).then(() => write([which]));
  }

  function epochOf({ dag }: WatchedRun): number {
    return parts.owner().shards.get(dag.shard)?.epoch ?? -1;
  }

  /** Until it is done, or whoever owns the shards next has seen to it. */
  function write(kept: readonly Kept[]): void {
    const { db, log, clock, settings, shards } = parts.owner();
    keepDeadlines(db, kept).catch((error: unknown) => {
      log.warn({ deadlines: kept.length, err: error }, "deadlines.undeleted");
      if (shards.size > 0) clock.after(settings.reloadDelayMs.max, () => write(kept));
    });
  }

  return {
    onBorn(dag, { facts, seq }) {
      void attend({ dag, facts, isReopened: seq > 0 });
    },
    onArrived(run) {
      if (!isConcerned(run.version) || run.engine.state === RunState.success) return;
      const entry = watched.get(run.key);
      if (entry !== undefined) look(entry, run);
      else void attend({ dag: run.dag, facts: run.facts, isReopened: run.reopenCount > 0 });
    },
    onWritten(steps) {
      const kept: Kept[] = [];
      for (const step of steps) {
        follow(step, kept);
        const isOver = step.state === RunState.success || step.state === RunState.failed;
        const history = isOver ? histories.get(step.run.dagId) : undefined;
        if (history !== undefined) history.isStale = true;
      }
      if (kept.length > 0) write(kept);
    },
    onDue(due) {
      if (!holds(due)) return;
      const owner = parts.owner();
      const { watched: entry, one } = due;
      if (one === null) {
        const run = owner.runs.get(entry.key);
        if (run !== undefined) look(entry, run);
        return;
      }
      pass(entry, one).catch((error: unknown) => {
        owner.log.warn({ run_key: entry.key, err: error }, "deadlines.unwritten");
        setTimer(entry, one, owner.dbClock.now() + owner.settings.reloadDelayMs.max);
      });
    },
    isLive: holds,
    async loadShards(shards) {
      const owner = parts.owner();
      for (;;) {
        const held = shards.filter((shard) => owner.shards.get(shard.shard) === shard);
        if (held.length === 0) return;
        try {
          return await loadFailed(held.map(({ shard }) => shard));
        } catch (error) {
          owner.log.warn({ shards: held.length, err: error }, "deadlines.load_failed");
        }
        const { max } = owner.settings.reloadDelayMs;
        await pause(owner.clock, max);
      }
    },
    dropShards(shards) {
      for (const entry of watched.values())
        if (shards.has(entry.dag.shard)) watched.delete(entry.key);
    },
    dropDag(dagId) {
      histories.delete(dagId);
      for (const entry of watched.values())
        if (entry.dag.dagId === dagId) watched.delete(entry.key);
    },
  };

  async function loadFailed(shards: readonly number[]): Promise<void> {
    const owner = parts.owner();
    await deleteKeptDeadlines(owner.db, shards);
    const limit = owner.settings.loadRunsMax;
    for (let afterRunId = 0; ;) {
      const rows = await listDeadlinesOfFailedRuns(owner.db, { shards, afterRunId, limit });
      await versions.load(rows.map((row) => row.dagVersionId));
      for (const [key, open] of Map.groupBy(rows, (row) => row.runId)) {
        const version = versions.get(open[0]!.dagVersionId);
        const dag = owner.dags.get(open[0]!.dagId);
        if (version === undefined || dag === undefined || watched.has(key)) continue;
        watch({ dag, key, version, history: null }, open);
      }
      const last = rows.at(-1)?.runId;
      if (last === undefined) return;
      afterRunId = last;
    }
  }
}

/** What is told of a deadline. */
type News = {
  readonly on: "deadline_at_risk" | "deadline_missed";
  readonly state: 2 | 3;
  readonly happenedAt: number;
  readonly epoch: number;
  /** Places of the callbacks in the spec. */
  readonly callbacks: readonly number[];
  readonly estimate: AtRisk | null;
};

type Kept = { readonly runId: number; readonly epoch: number; readonly ix: number | null };

/** Whether a run, or a task of it, has succeeded. */
function isDone(run: ActiveRun, ix: number): boolean {
  if (ix < 0) return run.engine.state === RunState.success;
  return pastOfTask(run.engine, run.version.compiled.taskIds[ix]!, () => true) === "fine";
}

/** Whether the run may end later than it looked: it has just begun, something is tried again, or there is more to do. */
function isSetback({ hasRunChanged, expanded, records }: Step): boolean {
  if (hasRunChanged || expanded.size > 0) return true;
  for (const { state } of records.values()) if (setbacks.has(state)) return true;
  return false;
}
