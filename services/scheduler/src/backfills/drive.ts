/** Brings backfills on: dates become runs some at a time, each once, whatever crashes in between; then they end. */

import {
  BackfillState,
  listOwnedBackfills,
  setBackfillState,
  type OwnedBackfillRow,
} from "@millrace/db";
import { admitDate, type Reason } from "@millrace/engine";
import { apply } from "../apply.ts";
import { withRun } from "../commands/change-run.ts";
import { holdsDag, loadedShard } from "../owner.ts";
import type { OwnedBackfill, OwnedDag } from "../runs/run.ts";
import { limitsOfBackfill, ownedBackfill } from "./limits.ts";
import { decidePage } from "./page.ts";
import type { BackfillParts } from "./parts.ts";

export type Backfills = {
  /** Takes up a backfill that is not over. */
  begin(dag: OwnedDag, row: OwnedBackfillRow): void;
  /** Something that its backfill waits for may have changed. */
  kick(dag: OwnedDag): void;
  /** A change of its state may have been written all the same: the row says. */
  doubt(dagId: string, id: number): void;
  /** Why the next date does not become a run; empty when it may. */
  heldBy(dag: OwnedDag, backfill: OwnedBackfill): readonly Reason[];
};

export function createBackfills(parts: BackfillParts): Backfills {
  const { owner, life } = parts;

  function isHeld(dag: OwnedDag, backfill: OwnedBackfill): boolean {
    return holdsDag(owner, dag) && dag.backfill === backfill;
  }

  function heldBy(dag: OwnedDag, backfill: OwnedBackfill): readonly Reason[] {
    return admitDate({
      isDagPaused: dag.isPaused,
      isDagActive: dag.isActive,
      backfill: limitsOfBackfill(dag, backfill),
      queued: backfill.queued.size,
      // From half of it on, so that dates are decided some at a time.
      queuedMax: owner.settings.backfillQueuedMax / 2 + backfill.maxActiveRuns,
    });
  }

  function kick(dag: OwnedDag): void {
    const { backfill } = dag;
    if (backfill === null) return;
    backfill.isKicked = true;
    if (backfill.isDriven) return;
    backfill.isDriven = true;
    drive(dag, backfill)
      .catch((error: unknown) => {
        backfill.isKicked = false;
        owner.log.warn(
          { dag_id: dag.dagId, backfill: backfill.id, err: error },
          "backfill.held_up",
        );
        owner.clock.after(owner.settings.reloadDelayMs.max, () => kick(dag));
      })
      .finally(() => {
        backfill.isDriven = false;
        // Since it looked last. One that is held no more has nobody to look: asking again would never end.
        if (backfill.isKicked && isHeld(dag, backfill)) kick(dag);
      });
  }

  async function drive(dag: OwnedDag, backfill: OwnedBackfill): Promise<void> {
    while (backfill.isKicked && isHeld(dag, backfill)) {
      if (backfill.isDoubtful) await readState(dag, backfill);
      if (backfill.isDoubtful) continue;
      if (backfill.state === BackfillState.cancelling) return cancel(dag, backfill);
      const isDecided = backfill.decided >= backfill.dateCount;
      if (isDecided && isOver(dag, backfill)) return end(dag, backfill, BackfillState.completed);
      if (isDecided || heldBy(dag, backfill).length > 0) backfill.isKicked = false;
      else await decidePage(parts, dag, backfill);
      life.startQueued(dag);
    }
  }

  async function readState(dag: OwnedDag, backfill: OwnedBackfill): Promise<void> {
    backfill.isKicked = false;
    const open = await listOwnedBackfills(owner.db, [dag.shard]);
    // Kicked meanwhile, it may have been changed since: then what was read is old.
    const isOld = backfill.isKicked;
    backfill.isKicked = true;
    if (isOld) return;
    backfill.isDoubtful = false;
    backfill.state = open.find(({ id }) => id === backfill.id)?.state ?? backfill.state;
  }

  function isOver(dag: OwnedDag, { id, queued, running }: OwnedBackfill): boolean {
    const isOpen = [...dag.opened].some((key) => owner.runs.get(key)?.facts.backfill?.id === id);
    return queued.size === 0 && running.size === 0 && !isOpen;
  }

  /** Those that wait are cancelled before it is over: afterwards they would start like other runs of the DAG. */
  async function cancel(dag: OwnedDag, backfill: OwnedBackfill): Promise<void> {
    while (backfill.queued.size > 0 && isHeld(dag, backfill)) {
      const keys = [...backfill.queued.values()]
        .map(({ facts }) => facts.id)
        .slice(0, owner.settings.backfillCancelsMax);
      await Promise.all(
        keys.map((key) =>
          withRun({ owner, life }, key, (run) => {
            apply(owner, run, { kind: "cancelRequested", at: owner.dbClock.now() });
          }),
        ),
      );
    }
    if (isHeld(dag, backfill)) await end(dag, backfill, BackfillState.cancelled);
  }

  async function end(
    dag: OwnedDag,
    backfill: OwnedBackfill,
    to: typeof BackfillState.completed | typeof BackfillState.cancelled,
  ): Promise<void> {
    const shard = loadedShard(owner, dag.shard);
    if (shard === null) return;
    const from = [BackfillState.running, BackfillState.paused, BackfillState.cancelling];
    await setBackfillState(owner.db, shard, { id: backfill.id, from, to, request: null });
    if (dag.backfill === backfill) dag.backfill = null;
    const isCancelled = to === BackfillState.cancelled;
    owner.log.info(
      { dag_id: dag.dagId, backfill: backfill.id, is_cancelled: isCancelled },
      "backfill.ended",
    );
    // What was opened again at the last moment waits in its line: it goes on as a run of the DAG.
    for (const run of backfill.queued.values()) dag.queued.set(run.facts.id, run);
    life.startQueued(dag);
  }

  return {
    kick,
    heldBy,
    doubt(dagId, id) {
      const dag = owner.dags.get(dagId);
      if (dag?.backfill?.id !== id) return;
      dag.backfill.isDoubtful = true;
      kick(dag);
    },
    begin(dag, row) {
      if (dag.backfill?.id === row.id) return;
      dag.backfill = ownedBackfill(row);
      kick(dag);
    },
  };
}
