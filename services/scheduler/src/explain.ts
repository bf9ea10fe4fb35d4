/** Says why a task instance waits, by the same function that admits. */

import { create } from "@bufbuild/protobuf";
import { listSupply, listTaskInstances, readRunPlace } from "@millrace/db";
import {
  createRun,
  explain,
  MillraceError,
  newEffects,
  restoreRun,
  taskStateOf,
  taskStateName,
  type Run,
  type Slots as SlotOffer,
} from "@millrace/engine";
import { reasonToProto } from "@millrace/wire";
import { ExplanationSchema, type Explanation, type ExplainTask } from "@millrace/wire/internal";
import { TaskState as WireTaskState } from "@millrace/wire/v1";
import { limitsOf } from "./grants.ts";
import { loadedShard, type Owner } from "./owner.ts";
import type { ActiveRun, OwnedDag } from "./run.ts";
import { serves } from "./slots.ts";
import type { Versions } from "./versions.ts";

/** Sessions that the evidence about slots is drawn from. */
const supplyMax = 1_000;

type Subject = { readonly dag: OwnedDag; readonly engine: Run; readonly run: ActiveRun | null };

/** @throws MillraceError RUN_NOT_FOUND, TASK_NOT_FOUND, NOT_OWNER */
export async function explainTask(
  parts: { readonly owner: Owner; readonly versions: Versions },
  { runKey, taskId, mapIndex }: ExplainTask,
): Promise<Explanation> {
  const { owner } = parts;
  const { dag, engine, run } = await subjectOf(parts, Number(runKey));
  const ix = engine.dag.ixOf.get(taskId);
  if (ix === undefined || mapIndex !== -1) {
    const metadata = { task_id: taskId, map_index: String(mapIndex) };
    throw new MillraceError(
      "TASK_NOT_FOUND",
      `The run has no task "${taskId}"${mapIndex === -1 ? "" : ` with map index ${mapIndex}`}.`,
      { metadata },
    );
  }
  const offers = await readOffers(owner);
  const reasons = explain(engine, ix, limitsOf(owner, dag, run, offers));
  const state = WireTaskState[upper(taskStateName(taskStateOf(engine, ix)))];
  return create(ExplanationSchema, { state, reasons: reasons.map(reasonToProto) });
}

function upper<Name extends string>(name: Name): Uppercase<Name> {
  return name.toUpperCase() as Uppercase<Name>;
}

/** The run as it is in memory, or, when it waits or is over, as its rows tell. */
async function subjectOf(
  parts: { owner: Owner; versions: Versions },
  runKey: number,
): Promise<Subject> {
  const { owner, versions } = parts;
  const run = owner.runs.get(runKey);
  if (run !== undefined) return { dag: run.dag, engine: run.engine, run };
  const place = await readRunPlace(owner.db, runKey);
  if (place === null) throw new MillraceError("RUN_NOT_FOUND");
  if (loadedShard(owner, place.shard) === null || owner.reloading.has(runKey))
    throw new MillraceError("NOT_OWNER");
  const dag = await owner.dags.find(place.shard, place.dag_id);
  if (dag === null) throw new MillraceError("RUN_NOT_FOUND");
  await owner.dags.loadNewest([dag]);
  await versions.load([place.dag_version_id]);
  const version = versions.get(place.dag_version_id);
  if (version === undefined) throw new MillraceError("INTERNAL");
  if (dag.queued.has(runKey)) return { dag, engine: createRun(version.compiled), run: null };
  const tasks = await listTaskInstances(owner.db, [runKey]);
  const row = { state: place.state, startedAt: null, logicalDate: null, cancelRequestedAt: null };
  return { dag, engine: restoreRun(version.compiled, row, tasks, newEffects()), run: null };
}

/** What live workers offer, by their rows; a slot at hand counts too. */
async function readOffers(
  owner: Owner,
): Promise<(queue: string, handler: string | null) => SlotOffer> {
  const rows = await listSupply(owner.db, supplyMax);
  const sessions = rows.map((row) => ({
    sessionKey: row.key,
    workerName: row.worker_name,
    queues: new Set(row.queues),
    handlers: new Set(row.handlers),
    runsBundles: row.runs_bundles,
    slots: row.slots,
    running: row.running,
  }));
  return (queue, handler) => {
    const line = { queue, handler };
    const able = sessions.filter((session) => serves(session, line));
    const workers = able.length;
    const slots = able.reduce((sum, session) => sum + session.slots, 0);
    const isAnyFree =
      owner.slots.hasFree(line) || able.some((session) => session.running < session.slots);
    if (isAnyFree) return { state: "free", workers, slots };
    if (workers > 0) return { state: "none_free", workers, slots };
    const servesQueue = sessions.some((session) => session.queues.has(queue));
    return { state: servesQueue ? "no_handler" : "no_queue", workers: 0, slots: 0 };
  };
}
