/** Makes the runs of timetables: each planned run exactly once. */

import { skipTick } from "@millrace/db";
import {
  partitionKeyAt,
  planNext,
  waitingRunsMax,
  type DataInterval,
  type PlannedRun,
} from "@millrace/engine";
import { apply } from "../apply.ts";
import { hasRoomForRun } from "../backfills/limits.ts";
import { defaultParams } from "../runs/default-params.ts";
import { waitingRuns } from "../inputs/waiting.ts";
import { createNextRunNotes } from "./next-run-notes.ts";
import { holdsDag, type Owner } from "../owner.ts";
import type { RunLife } from "../runs/run-life.ts";
import { untilKnown } from "../runs/run-made.ts";
import type { RunMaker } from "../runs/run-maker.ts";
import { automated, type OwnedDag } from "../runs/run.ts";
import { createTimetables, customSchedule, type Timetables } from "./timetables.ts";

export type Ticks = {
  /** The timetables that functions decide. */
  readonly timetables: Timetables;
  /** Sets the timer of a DAG's next run; again after anything that may change it. */
  plan(dag: OwnedDag): void;
  /** A timer is due. */
  onTick(dag: OwnedDag, at: number): void;
};

/**
 * What the engine plans from the newest automated run, from what is over, and from the time. A planned run that finds
 * max_active_runs reached is not made (those that wait for inputs are not counted there, but have a limit of their own): when a run ends the DAG is planned anew, so that without catch-up the newest tick that
 * has passed counts. While an automated run is not final, `overlap` may leave a tick out, or cancel that run for it. Paused and inactive DAGs have no ticks. A tick whose logical date has a run already makes none, and the
 * timetable moves on.
 */
export function createTicks(parts: {
  readonly owner: Owner;
  readonly maker: RunMaker;
  readonly life: RunLife;
}): Ticks {
  const { owner, maker, life } = parts;
  const notes = createNextRunNotes(owner);
  const timetables = createTimetables({ owner, notes, onAnswer: plan });

  function nextOf(dag: OwnedDag, last: DataInterval | null): PlannedRun | null {
    if (dag.newest === null) return null;
    const now = owner.dbClock.now();
    try {
      const { spec } = dag.newest.compiled;
      return planNext(spec, { now, last, through: dag.scheduledThrough });
    } catch (error) {
      owner.log.error({ dag_id: dag.dagId, err: error }, "timetable.unreadable");
      return null;
    }
  }

  /** Ticks themselves write nothing of it: one that arrives once more, late, would undo what was noted since. */
  function show(dag: OwnedDag, nextRunAt: number | null): void {
    if (dag.nextRunAt === nextRunAt) return;
    dag.nextRunAt = nextRunAt;
    notes.note(dag);
  }

  function hasRoom(dag: OwnedDag): boolean {
    const { term = null } = dag.newest?.compiled.spec.inputs ?? {};
    return hasRoomForRun(dag) && (term === null || waitingRuns(dag) < waitingRunsMax(term));
  }

  function plan(dag: OwnedDag): void {
    if (dag.isTicking || !holdsDag(owner, dag)) return;
    const hasTicks = dag.hasSchedule && !dag.isPaused && dag.isActive;
    const isAsked = hasTicks && customSchedule(dag) !== null;
    if (!isAsked) timetables.forget(dag);
    const planned = isAsked
      ? timetables.next(dag)
      : hasTicks
        ? nextOf(dag, dag.lastInterval)
        : null;
    dag.planned = planned ?? null;
    const at = dag.planned?.runAfter ?? null;
    if (planned !== undefined) show(dag, at);
    if (at !== null) owner.timers.add(at, { kind: "tick", dagId: dag.dagId, shard: dag.shard, at });
  }

  async function makeRun(dag: OwnedDag, planned: PlannedRun): Promise<void> {
    const { logicalDate, dataInterval, runAfter } = planned;
    const making = maker.make({
      ...{ dag, runType: automated, runAfter, note: "", triggeredBy: "timetable", request: null },
      logicalAt: logicalDate,
      intervalStartAt: dataInterval.start,
      intervalEndAt: dataInterval.end,
      partitionKey: partitionKeyAt(dag.newest?.compiled.spec.schedule ?? null, dataInterval.end),
      params: defaultParams(dag.newest?.compiled.spec.paramsSchema ?? null),
      backfill: null,
    });
    // Planned anew before that, a tick that is about the moment at which somebody looks would become a second one.
    const made = await untilKnown(making);
    moveOn(dag, planned, made.kind);
  }

  async function leaveOut(dag: OwnedDag, planned: PlannedRun): Promise<void> {
    const { dagId, shard } = dag;
    const epoch = owner.shards.get(shard)?.epoch ?? -1;
    await skipTick(owner.db, { shard, epoch }, { dagId, interval: planned.dataInterval });
    moveOn(dag, planned, "left_out");
  }

  function moveOn(dag: OwnedDag, { dataInterval, logicalDate }: PlannedRun, run: string): void {
    dag.scheduledThrough = Math.max(dag.scheduledThrough, dataInterval.end);
    dag.lastInterval = dataInterval;
    const date = new Date(logicalDate).toISOString();
    owner.log.info({ dag_id: dag.dagId, logical_date: date, run }, "timetable.ticked");
  }

  /** Automated runs of a DAG that are not final: keys. */
  function overlapping(dag: OwnedDag): number[] {
    const running = [...dag.running].filter((run) => run.facts.runType === automated);
    const queued = [...dag.queued.values()].filter(({ facts }) => facts.runType === automated);
    return [...running.map((run) => run.key), ...queued.map(({ facts }) => facts.id)];
  }

  async function cancelAll(dag: OwnedDag, keys: readonly number[]): Promise<void> {
    for (const key of keys) {
      const run = await life.open(dag, key);
      if (run === null || run.isGone) continue;
      apply(owner, run, { kind: "cancelRequested", at: owner.dbClock.now() });
    }
  }

  /** Null when the tick has to wait for a run to end. */
  function deedOf(dag: OwnedDag, planned: PlannedRun): (() => Promise<void>) | null {
    const overlap = dag.newest?.compiled.spec.overlap ?? "allow";
    const others = overlap === "allow" ? [] : overlapping(dag);
    if (others.length > 0 && overlap === "forbid") return () => leaveOut(dag, planned);
    if (others.length > 0)
      return async () => {
        await cancelAll(dag, others);
        // Of a version that is the newest no more it is no tick.
        if (dag.planned === planned) await makeRun(dag, planned);
      };
    return hasRoom(dag) ? () => makeRun(dag, planned) : null;
  }

  return {
    timetables,
    plan,
    onTick(dag, at) {
      const { planned } = dag;
      const isDue =
        planned?.runAfter === at && dag.isActive && !dag.isPaused && dag.newest !== null;
      if (!isDue || dag.isTicking || !holdsDag(owner, dag)) return;
      const deed = deedOf(dag, planned);
      // Planned again when a run of it ends.
      if (deed === null) return;
      dag.isTicking = true;
      deed().then(
        () => {
          dag.isTicking = false;
          plan(dag);
        },
        (error: unknown) => {
          owner.log.warn({ dag_id: dag.dagId, err: error }, "timetable.tick_failed");
          dag.isTicking = false;
          owner.clock.after(owner.settings.reloadDelayMs.max, () => plan(dag));
        },
      );
    },
  };
}
