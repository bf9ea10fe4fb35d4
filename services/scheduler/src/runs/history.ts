/** Deletes finished runs that their DAG does not keep. */

import { deleteRuns, listExcessRuns, type KeptRuns } from "@millrace/db";
import { loadedShard, type Owner } from "../owner.ts";
import type { OwnedDag } from "./run.ts";

export type History = {
  /** A run of the DAG has ended, or its limits may have changed: looks, soon, for what is not kept. */
  look(dag: OwnedDag): void;
};

/**
 * In pages, by the owner, fenced by its epoch. What is active, or was brought into memory by a command, stays; what is being
 * deleted cannot be brought there (`OwnedDag.leaving`). Cut short, the rest goes with the next look.
 */
export function createHistory(self: () => Owner): History {
  /** One DAG at a time: nobody waits for it. */
  const waiting: OwnedDag[] = [];
  let isBusy = false;

  function keptOf(dag: OwnedDag): KeptRuns | null {
    const spec = dag.newest?.compiled.spec;
    if (spec === undefined) return null;
    const kept = { successful: spec.keptSuccessfulRuns, failed: spec.keptFailedRuns };
    return kept.successful === null && kept.failed === null ? null : kept;
  }

  async function tidy(dag: OwnedDag): Promise<number> {
    const owner = self();
    const limit = owner.settings.historyRunsPerLook;
    let deleted = 0;
    let afterId = 0;
    for (;;) {
      const kept = keptOf(dag);
      const shard = loadedShard(owner, dag.shard);
      if (kept === null || shard === null || owner.dags.get(dag.dagId) !== dag) return deleted;
      const ids = await listExcessRuns(owner.db, dag.dagId, kept, { afterId, limit });
      const isFree = (id: number) => !owner.runs.has(id) && !dag.opened.has(id);
      for (const id of ids) if (isFree(id)) dag.leaving.add(id);
      if (dag.leaving.size > 0) {
        const fence = { shard: dag.shard, epoch: shard.epoch };
        const leaving = [...dag.leaving];
        try {
          deleted += await deleteRuns(owner.db, fence, dag.dagId, leaving);
        } finally {
          dag.leaving.clear();
          // Also when it was cut short: some may be gone.
          owner.past.onDeleted(leaving);
        }
      }
      if (ids.length < limit) return deleted;
      afterId = ids.at(-1) ?? afterId;
    }
  }

  async function drain(): Promise<void> {
    if (isBusy) return;
    isBusy = true;
    for (let dag = waiting.shift(); dag !== undefined; dag = waiting.shift()) {
      const { log, clock } = self();
      dag.isHistoryWanted = false;
      dag.historyAtMs = clock.monotonicMs();
      try {
        const runs = await tidy(dag);
        if (runs > 0) log.info({ dag_id: dag.dagId, runs }, "history.deleted");
      } catch (error) {
        log.warn({ dag_id: dag.dagId, err: error }, "history.not_deleted");
        look(dag);
      }
      dag.leaving.clear();
    }
    isBusy = false;
  }

  function look(dag: OwnedDag): void {
    if (dag.isHistoryWanted || keptOf(dag) === null) return;
    const { clock, settings } = self();
    dag.isHistoryWanted = true;
    const begin = (): void => {
      waiting.push(dag);
      void drain();
    };
    // Many short runs are looked at together.
    const waitMs = dag.historyAtMs + settings.historyEveryMs - clock.monotonicMs();
    if (waitMs > 0) clock.after(waitMs, begin);
    else begin();
  }

  return { look };
}
