/** Works out when the deadlines of runs are due, and writes that: once for a run, as its row is the truth. */

import {
  listDeadlinesOfRuns,
  putDeadlines,
  type DeadlineToPut,
  type OpenDeadline,
} from "@millrace/db";
import { deadlineAt, type DeadlineSpec } from "@millrace/engine";
import type { Owner } from "../owner.ts";
import type { OwnedDag, RunFacts, Version } from "../runs/run.ts";
import type { History } from "./deadline.ts";

/** A run that is not final. */
export type Subject = {
  readonly dag: OwnedDag;
  readonly facts: RunFacts;
  /** It was final before. */
  readonly isReopened: boolean;
};

export type Prepared = Subject & { readonly version: Version; readonly history: History };

/** Answers what is open of these runs, by run. */
export async function putAndRead(
  owner: Owner,
  subjects: readonly Prepared[],
): Promise<Map<number, OpenDeadline[]>> {
  await putDeadlines(
    owner.db,
    subjects.flatMap((subject) => deadlinesOf(owner, subject)),
  );
  const keys = subjects.map(({ facts }) => facts.id);
  return Map.groupBy(await listDeadlinesOfRuns(owner.db, keys), ({ runId }) => runId);
}

function deadlinesOf(owner: Owner, subject: Prepared): DeadlineToPut[] {
  const { compiled } = subject.version;
  const put = (ix: number, deadlines: readonly DeadlineSpec[]) =>
    deadlines.flatMap((spec, ordinal) => {
      const one = deadlineOf(owner, subject, ix, spec);
      return one === null ? [] : [{ ...one, ix, ordinal }];
    });
  return [
    ...put(-1, compiled.spec.deadlines),
    ...compiled.tasks.flatMap((task, ix) => put(ix, task.deadlines)),
  ];
}

/** Of a run that was opened again only what counts from that: others were kept or missed before. */
function deadlineOf(
  owner: Owner,
  { facts, isReopened, version, history }: Prepared,
  ix: number,
  spec: DeadlineSpec,
): Pick<DeadlineToPut, "runId" | "epoch" | "dueAt" | "afterQueuedMs"> | null {
  if (isReopened && spec.reference.kind !== "queued_at") return null;
  const runtimes =
    ix < 0 ? history.runtimes : (history.taskEnds.get(version.compiled.taskIds[ix]!) ?? []);
  const dueAt = deadlineAt(spec, {
    logicalDate: facts.logicalAt,
    queuedAt: facts.queuedAt,
    runtimes: (maxRuns) => runtimes.slice(0, maxRuns),
  });
  // Postgres knows no later ones.
  if (dueAt === null || Math.abs(dueAt) > 8.64e15) return null;
  const epoch = owner.shards.get(facts.shard)?.epoch ?? -1;
  return { runId: facts.id, epoch, dueAt, afterQueuedMs: isReopened ? spec.intervalMs : null };
}
