/** A run that somebody asks about: as it is in memory, or, when it waits or is over, as its rows tell. */

import { readOwnedRuns, readRunPlace, type RunPlace } from "@millrace/db";
import { MillraceError, type Run } from "@millrace/engine";
import { loadedShard, type Owner } from "../owner.ts";
import { detachedRun, readRunRows } from "../runs/restore-run.ts";
import { factsOf, type ActiveRun, type OwnedDag, type RunFacts } from "../runs/run.ts";
import type { Versions } from "../shards/versions.ts";

export type SubjectParts = { readonly owner: Owner; readonly versions: Versions };

/** `run` is null when it is not in memory. */
export type Subject = {
  readonly dag: OwnedDag;
  readonly engine: Run;
  readonly facts: RunFacts;
  readonly run: ActiveRun | null;
};

/** @throws MillraceError RUN_NOT_FOUND, NOT_OWNER */
export async function subjectOf(parts: SubjectParts, runKey: number): Promise<Subject> {
  const run = parts.owner.runs.get(runKey);
  if (run !== undefined) return { dag: run.dag, engine: run.engine, facts: run.facts, run };
  return { ...(await detachedSubject(parts, runKey)), run: null };
}

/**
 * A copy of a run to try things with, as its rows have it.
 *
 * @throws MillraceError RUN_NOT_FOUND, NOT_OWNER
 */
export async function detachedSubject(
  parts: SubjectParts,
  runKey: number,
): Promise<Omit<Subject, "run">> {
  const { owner } = parts;
  const { dag } = await requireRun(owner, runKey);
  await owner.dags.loadNewest([dag]);
  const rows = await readOwnedRuns(owner.db, { shards: [dag.shard], ids: [runKey] });
  if (rows.length === 0) throw new MillraceError("RUN_NOT_FOUND");
  const [read] = await readRunRows(parts, rows);
  if (read === undefined) throw new MillraceError("INTERNAL");
  return { dag, engine: detachedRun(owner, read), facts: factsOf(read.row) };
}

/**
 * Where a run is, if it is here.
 *
 * @throws MillraceError RUN_NOT_FOUND, NOT_OWNER
 */
export async function requireRun(
  owner: Owner,
  runKey: number,
): Promise<{ readonly place: RunPlace; readonly dag: OwnedDag }> {
  const place = await readRunPlace(owner.db, runKey);
  if (place === null) throw new MillraceError("RUN_NOT_FOUND");
  if (loadedShard(owner, place.shard) === null || owner.reloading.has(runKey))
    throw new MillraceError("NOT_OWNER");
  const dag = await owner.dags.find(place.shard, place.dag_id);
  if (dag === null) throw new MillraceError("RUN_NOT_FOUND");
  return { place, dag };
}
