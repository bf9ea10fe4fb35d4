/** Makes the runs of schedules: one for each tick, exactly once. */

import { setNextRunAt } from "@millrace/db";
import { nextRuns } from "@millrace/engine";
import { loadedShard, type Owner } from "./owner.ts";
import { defaultParams } from "./default-params.ts";
import type { RunMaker } from "./run-maker.ts";
import type { OwnedDag } from "./run.ts";

export type Cron = {
  /** Sets the timer of a DAG's next tick; again after anything that may change it. */
  plan(dag: OwnedDag): void;
  /** A timer is due. */
  onTick(dag: OwnedDag, at: number): void;
};

/**
 * As Airflow with catchup off: ticks that were missed while no scheduler ran are not made up, except the newest of them,
 * which becomes a run at once. A tick that finds max_active_runs reached makes no run; when a run ends, the newest tick
 * that has passed meanwhile does. Paused and inactive DAGs have no ticks. A tick whose logical date has a run already
 * makes none, and the schedule moves on.
 */
export function createCron(parts: { readonly owner: Owner; readonly maker: RunMaker }): Cron {
  const { owner, maker } = parts;

  function nextAfter(dag: OwnedDag, through: number): number | null {
    if (dag.newest === null) return null;
    const now = owner.dbClock.now();
    const last = { start: through, end: through };
    try {
      return nextRuns(dag.newest.compiled.spec, { now, last, count: 1 })[0]?.runAfter ?? null;
    } catch (error) {
      owner.log.error({ dag_id: dag.dagId, err: error }, "cron.unreadable");
      return null;
    }
  }

  function show(dag: OwnedDag, nextRunAt: number | null): void {
    if (dag.nextRunAt === nextRunAt) return;
    dag.nextRunAt = nextRunAt;
    setNextRunAt(owner.db, dag.dagId, nextRunAt).catch((error: unknown) => {
      owner.log.warn({ dag_id: dag.dagId, err: error }, "cron.next_run_unwritten");
    });
  }

  function hasRoom(dag: OwnedDag): boolean {
    const max = dag.newest?.compiled.spec.maxActiveRuns ?? 0;
    return dag.running.size + dag.queued.size < max;
  }

  function plan(dag: OwnedDag): void {
    if (dag.isTicking || loadedShard(owner, dag.shard) === null) return;
    const hasTicks = dag.hasSchedule && !dag.isPaused && dag.isActive;
    const next = hasTicks ? nextAfter(dag, dag.scheduledThrough) : null;
    show(dag, next);
    if (next !== null)
      owner.timers.add(next, { kind: "tick", dagId: dag.dagId, shard: dag.shard, at: next });
  }

  async function makeRun(dag: OwnedDag, at: number): Promise<void> {
    const nextRunAt = nextAfter(dag, at);
    const wish = {
      runType: 1,
      logicalAt: at,
      runAfter: at,
      note: "",
      triggeredBy: "timetable",
      request: null,
    } as const;
    const params = defaultParams(dag.newest?.compiled.spec.paramsSchema ?? null);
    const made = await maker.make({ ...wish, dag, params, nextRunAt });
    dag.scheduledThrough = Math.max(dag.scheduledThrough, at);
    dag.nextRunAt = nextRunAt;
    owner.log.info(
      { dag_id: dag.dagId, logical_date: new Date(at).toISOString(), run: made.kind },
      "cron.ticked",
    );
  }

  return {
    plan,
    onTick(dag, at) {
      const isDue = dag.nextRunAt === at && dag.isActive && !dag.isPaused && dag.newest !== null;
      if (!isDue || dag.isTicking || loadedShard(owner, dag.shard) === null) return;
      // Planned again when a run of it ends.
      if (!hasRoom(dag)) return;
      dag.isTicking = true;
      makeRun(dag, at).then(
        () => {
          dag.isTicking = false;
          plan(dag);
        },
        (error: unknown) => {
          owner.log.warn({ dag_id: dag.dagId, err: error }, "cron.tick_failed");
          dag.isTicking = false;
          owner.clock.after(owner.settings.reloadDelayMs.max, () => plan(dag));
        },
      );
    },
  };
}
