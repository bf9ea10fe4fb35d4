/**
 * Tasks that depend on the past: what holds them is looked up once, and they wait for it aside, out of their lines. They are
 * looked at again when what holds them is written to be otherwise, when the run before comes into memory or leaves it, when
 * it is deleted, and when a run appears in between.
 *
 * Of a run in memory counts what is durable: what succeeded and is not written yet may be taken back by a crash, and nothing
 * may have been built on it.
 */

import {
  mayBePrevious,
  pastHold,
  pastOfTask,
  type InstanceRef,
  type PastLook,
  type PreviousRun,
} from "@millrace/engine";
import { createBatcher } from "@millrace/service";
import { runIdOf } from "@millrace/wire";
import { instanceKey } from "../runs/instance-key.ts";
import type { Owner } from "../owner.ts";
import type { Place, ReadyTasks } from "../dispatch/ready-queue.ts";
import type { ActiveRun, RunFacts } from "../runs/run.ts";
import type { Step } from "../flush/step.ts";
import type { Versions } from "../shards/versions.ts";
import { waitFor } from "../waits/waits.ts";
import { askWhetherPastMatters } from "./question.ts";
import type { Past, PastRead, PastSubject } from "./look.ts";
import { readPast } from "./read-past.ts";
import { cutFrom, putIn } from "../map-of-sets.ts";

/** `runType` of runs that people and programs ask for. */
const manual = 2;

/** Instances of one task that wait aside, and what for. */
type Parked = {
  look: PastLook;
  readonly waiting: { readonly place: Place; readonly tasks: ReadyTasks }[];
};

/** A run with tasks that depend on the past. */
type Watcher = {
  readonly subject: PastSubject;
  /** Null for one that is only explained. */
  readonly run: ActiveRun | null;
  /** Null until it is read, and again when it may be otherwise. */
  read: PastRead | null;
  /** Whether the rows of the run before were read while it was not in memory. */
  areRowsGood: boolean;
  /** Grows with whatever makes a read that is under way worthless. */
  stamp: number;
  isReading: boolean;
  /** By task index: answers that nothing has changed since. */
  readonly answers: Map<number, PastLook>;
  /** By task index: what the functions say that decide whether the past matters; null while they are asked. */
  readonly decisions: Map<number, boolean | null>;
  /** By task index. */
  readonly parked: Map<number, Parked>;
};

export function createPast(parts: {
  readonly owner: () => Owner;
  readonly versions: Versions;
  /** Tasks of a run wait aside, now or still. */
  onHeld(run: ActiveRun): void;
}): Past {
  const watchers = new Map<number, Watcher>();
  const ofDag = new Map<string, Set<Watcher>>();
  const ofBefore = new Map<number, Set<Watcher>>();
  /** Reads under way, and which of the moves since the first of them began was the last of a run into memory, or out of it. */
  let underWay = 0;
  let moves = 0;
  const moved = new Map<number, number>();

  const reads = createBatcher<PastSubject, PastRead>({
    batchMax: 200,
    run: (subjects) => readPast({ owner: parts.owner(), versions: parts.versions }, subjects),
  });

  function watcherOf(run: ActiveRun): Watcher {
    const known = watchers.get(run.key);
    if (known?.run === run) return known;
    const { compiled } = run.version;
    const watcher = newWatcher({ key: run.key, dagId: run.dagId, facts: run.facts, compiled }, run);
    watchers.set(run.key, watcher);
    putIn(ofDag, run.dagId, watcher);
    return watcher;
  }

  function setRead(watcher: Watcher, read: PastRead | null): void {
    const old = watcher.read?.before?.id;
    if (old !== undefined) cutFrom(ofBefore, old, watcher);
    watcher.read = read;
    watcher.answers.clear();
    const key = read?.before?.id;
    if (key !== undefined && watcher.run !== null) putIn(ofBefore, key, watcher);
  }

  /** Whether everything is at hand to answer. */
  function isReady({ read, areRowsGood }: Watcher): boolean {
    if (read === null) return false;
    return read.before === null || areRowsGood || parts.owner().runs.has(read.before.id);
  }

  function lookAt(watcher: Watcher, ix: number): PastLook {
    const { facts, compiled } = watcher.subject;
    const task = compiled.tasks[ix]!;
    if (!task.dependsOnPast || facts.logicalAt === null) return null;
    if (!isReady(watcher)) return "unread";
    const known = watcher.answers.get(ix);
    if (known !== undefined) return known;
    const { taskIds, children, childOffsets, spec } = compiled;
    const after = children.subarray(childOffsets[ix], childOffsets[ix + 1]);
    const downstream = task.waitForDownstream ? Array.from(after, (child) => taskIds[child]!) : [];
    const previous = previousOf(watcher);
    const hold = pastHold({
      ...{ task, downstream, previous },
      isFirstOfBackfill: facts.backfill?.ordinal === 1,
      catchup: spec.catchup,
      startDate: spec.startDate,
      isAnywhereBefore: () => watcher.read?.elsewhere.has(task.id) ?? false,
    });
    const isDecided = hold !== null && previous !== null && task.pastDecider !== null;
    const answer = isDecided ? decide(watcher, ix, hold, [task.id, ...downstream]) : hold;
    watcher.answers.set(ix, answer);
    return answer;
  }

  /** Whether a hold matters, where a function decides that. */
  function decide(
    watcher: Watcher,
    ix: number,
    hold: PastLook,
    taskIds: readonly string[],
  ): PastLook {
    const { run, decisions } = watcher;
    const previous = previousOf(watcher);
    if (run === null || previous === null) return hold;
    const said = decisions.get(ix);
    if (said !== undefined) return said === null ? "asked" : said ? hold : null;
    decisions.set(ix, null);
    const asked = askWhetherPastMatters(parts.owner(), { run, ix, previous, taskIds });
    void asked.then((answer) => {
      watcher.answers.delete(ix);
      // Who has failed for want of an answer may be cleared, and is asked about anew.
      if (answer === null) return void decisions.delete(ix);
      decisions.set(ix, answer);
      wake(watcher);
    });
    return "asked";
  }

  function previousOf({ read }: Watcher): PreviousRun | null {
    if (read === null || read.before === null) return null;
    const { id, runName, logicalAt, version } = read.before;
    const owner = parts.owner();
    const run = owner.runs.get(id);
    return {
      runId: runIdOf(id),
      name: runName,
      logicalDate: logicalAt,
      of(taskId) {
        const ix = version.compiled.ixOf.get(taskId);
        if (ix === undefined) return "absent";
        if (run === undefined) return read.tasks.get(taskId) ?? "absent";
        return pastOfTask(
          run.engine,
          taskId,
          (mapIx) => !owner.flushes.isUnwritten(run, { ix, mapIx }),
        );
      },
    };
  }

  /** `hasMoved`: the run before came into memory or left it meanwhile; what its rows said may be old. */
  async function readOne(subject: PastSubject): Promise<{ past: PastRead; hasMoved: boolean }> {
    underWay += 1;
    const from = moves;
    try {
      const past = await reads.add(subject);
      return { past, hasMoved: (moved.get(past.before?.id ?? 0) ?? 0) > from };
    } finally {
      underWay -= 1;
      if (underWay === 0) moved.clear();
    }
  }

  /** Reads until what was read is still so when it has come. */
  async function load(watcher: Watcher): Promise<void> {
    const owner = parts.owner();
    while (!isReady(watcher) && watcher.run?.isGone !== true) {
      const { stamp } = watcher;
      const read = await readOne(watcher.subject);
      if (watcher.stamp !== stamp) continue;
      setRead(watcher, read.past);
      watcher.areRowsGood = !read.hasMoved && !owner.runs.has(read.past.before?.id ?? 0);
    }
  }

  async function loadAndWake(watcher: Watcher): Promise<void> {
    if (watcher.isReading) return;
    watcher.isReading = true;
    try {
      await load(watcher);
    } catch (error) {
      const { log, clock, settings } = parts.owner();
      log.warn({ run_key: watcher.subject.key, err: error }, "past.unreadable");
      clock.after(settings.reloadDelayMs.max, () => wake(watcher));
      return;
    } finally {
      watcher.isReading = false;
    }
    wake(watcher);
  }

  /** Looks again at what waits aside; `concerns` says of what holds a task whether that has changed. */
  function wake(watcher: Watcher, concerns: (hold: PastLook) => boolean = () => true): void {
    const { run, parked } = watcher;
    if (run === null || run.isGone || parked.size === 0) return;
    const owner = parts.owner();
    let isAny = false;
    for (const [ix, one] of [...parked]) {
      if (!concerns(one.look)) continue;
      watcher.answers.delete(ix);
      one.look = lookAt(watcher, ix);
      if (one.look === "unread") void loadAndWake(watcher);
      if (one.look !== null) continue;
      parked.delete(ix);
      for (const { place, tasks } of one.waiting) owner.queue.add(run, place, tasks);
      isAny = true;
    }
    if (isAny) owner.pump();
  }

  /** Which run is before may be another now. */
  function readAnew(watcher: Watcher): void {
    watcher.stamp += 1;
    watcher.areRowsGood = false;
    setRead(watcher, null);
    wake(watcher);
  }

  /** The run before has come into memory, or left it. */
  function lookElsewhere(key: number): void {
    if (underWay > 0) moved.set(key, (moves += 1));
    for (const watcher of [...(ofBefore.get(key) ?? [])]) {
      watcher.stamp += 1;
      watcher.areRowsGood = false;
      watcher.answers.clear();
      wake(watcher);
    }
  }

  function comesBetween({ subject, read }: Watcher, facts: RunFacts): boolean {
    const { logicalAt } = subject.facts;
    const one = { logicalAt: facts.logicalAt, isManual: facts.runType === manual };
    if (!mayBePrevious(one, logicalAt, subject.compiled.spec.catchup)) return false;
    return (
      read?.before === undefined || (facts.logicalAt ?? 0) > (read.before?.logicalAt ?? -Infinity)
    );
  }

  return {
    takes(run, place, tasks) {
      const { ix } = tasks;
      if (run.version.compiled.tasks[ix]?.dependsOnPast !== true) return false;
      if (goesOn(run, { ix, mapIx: tasks.from })) return false;
      const watcher = watcherOf(run);
      const look = lookAt(watcher, ix);
      if (look === null) return false;
      const parked = watcher.parked.get(ix);
      if (parked === undefined) watcher.parked.set(ix, { look, waiting: [{ place, tasks }] });
      else parked.waiting.push({ place, tasks });
      if (look === "unread") void loadAndWake(watcher);
      parts.onHeld(run);
      return true;
    },
    concerns: (dagId) => ofDag.has(dagId),
    holds: (run) => (watchers.get(run.key)?.parked.size ?? 0) > 0,
    look: (run, ref) => (goesOn(run, ref) ? null : lookAt(watcherOf(run), ref.ix)),
    async explain(subject) {
      const run = parts.owner().runs.get(subject.key);
      const watcher = run === undefined ? newWatcher(subject, null) : watcherOf(run);
      const { tasks } = subject.compiled;
      if (subject.facts.logicalAt !== null && tasks.some((task) => task.dependsOnPast))
        await load(watcher);
      return (ref) => (run !== undefined && goesOn(run, ref) ? null : lookAt(watcher, ref.ix));
    },
    onBorn(dagId, facts) {
      for (const watcher of [...(ofDag.get(dagId) ?? [])])
        if (comesBetween(watcher, facts)) readAnew(watcher);
    },
    onArrived: (run) => lookElsewhere(run.key),
    onLeft(run) {
      const watcher = watchers.get(run.key);
      if (watcher?.run === run) {
        watchers.delete(run.key);
        cutFrom(ofDag, run.dagId, watcher);
        setRead(watcher, null);
      }
      lookElsewhere(run.key);
    },
    onDeleted(runKeys) {
      for (const key of runKeys)
        for (const watcher of [...(ofBefore.get(key) ?? [])]) readAnew(watcher);
    },
    onChanged(run) {
      if (ofBefore.size === 0) return;
      for (const watcher of ofBefore.get(run.key) ?? []) watcher.answers.clear();
    },
    onWritten(steps) {
      for (const { run } of steps)
        if ((watchers.get(run.key)?.parked.size ?? 0) > 0) parts.onHeld(run);
      if (ofBefore.size === 0) return;
      for (const step of steps)
        for (const watcher of [...(ofBefore.get(step.run.key) ?? [])])
          wake(watcher, (hold) => isTouched(step, hold));
    },
  };
}

function newWatcher(subject: PastSubject, run: ActiveRun | null): Watcher {
  return {
    ...{ subject, run, read: null, areRowsGood: false, stamp: 0, isReading: false },
    answers: new Map(),
    decisions: new Map(),
    parked: new Map(),
  };
}

/** Whether its body is under way, and only goes on after a wait. */
function goesOn(run: ActiveRun, ref: InstanceRef): boolean {
  return waitFor(run, ref) !== null;
}

/** Whether a step says something of what holds a task. */
function isTouched({ run, records, expanded }: Step, hold: PastLook): boolean {
  if (hold === null || hold === "unread" || hold === "asked") return true;
  if (expanded.size > 0) return true;
  const ix = run.version.compiled.ixOf.get(hold.taskId);
  if (ix === undefined || hold.instance === null) return false;
  return records.has(instanceKey({ ix, mapIx: hold.instance.mapIx }));
}
