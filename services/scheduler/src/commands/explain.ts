/** Says why a task instance waits, by the same function that admits. */

import { create } from "@bufbuild/protobuf";
import { listPoolPage, listSupply } from "@millrace/db";
import { explain, instanceState, type PoolView, type Slots as SlotOffer } from "@millrace/engine";
import { reasonToProto, runIdOf } from "@millrace/wire";
import { ExplanationSchema, type Explanation, type ExplainTask } from "@millrace/wire/internal";
import { keyHoldersOf } from "../limits/concurrency-keys.ts";
import { backfillLimitsOf } from "../backfills/limits.ts";
import { limitsOf } from "../dispatch/grants.ts";
import type { Owner } from "../owner.ts";
import { requireInstance } from "./selection.ts";
import { serves } from "../dispatch/slots.ts";
import { subjectOf, type SubjectParts } from "./subject.ts";

/** Of those who use a pool, so many are named. */
const holdersMax = 20;
/** Sessions that the evidence about slots is drawn from. */
const supplyMax = 1_000;

/** @throws MillraceError RUN_NOT_FOUND, TASK_NOT_FOUND, NOT_OWNER */
export async function explainTask(
  parts: SubjectParts,
  { runKey, taskId, mapIndex }: ExplainTask,
): Promise<Explanation> {
  const { owner } = parts;
  const key = Number(runKey);
  const { dag, engine, facts, run } = await subjectOf(parts, key);
  const ref = requireInstance(engine, taskId, mapIndex);
  if (run !== null) await owner.externals.look(run, ref);
  const offers = await readOffers(owner);
  const subject = { key, dagId: dag.dagId, facts, compiled: engine.dag };
  const limits = limitsOf(owner, dag, run, offers);
  const { pool } = engine.dag.tasks[ref.ix]!;
  const view = await poolWithHolders(owner, pool, limits.pool(pool));
  const reasons = explain(engine, ref, {
    ...limits,
    backfill: backfillLimitsOf(dag, facts),
    keyHolders: keyHoldersOf(dag, key),
    inputs: owner.inputs.waitOf(dag, key),
    pool: () => view,
    pastOf: await owner.past.explain(subject),
  });
  return create(ExplanationSchema, {
    state: instanceState(engine, ref.ix, ref.mapIx),
    reasons: reasons.map(reasonToProto),
  });
}

/** Adds what people want to know of a pool to what `admit` sees of it. */
async function poolWithHolders(owner: Owner, pool: string, view: PoolView): Promise<PoolView> {
  if (!view.exists || view.slots === null) return view;
  const [row] = await listPoolPage(owner.db, { after: "", limit: 1, only: pool });
  if (row === undefined) return view;
  const used = row.running + (row.include_deferred ? row.deferred : 0);
  const holders = owner.pools.holders(pool, holdersMax).map(({ run, ref }) => {
    const taskId = run.version.compiled.taskIds[ref.ix] ?? "";
    const index = ref.mapIx < 0 ? "" : `[${ref.mapIx}]`;
    return `${run.dagId} ${runIdOf(run.key)} ${taskId}${index}`;
  });
  return { ...view, openInAll: Math.max(0, view.slots - used), holders };
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
    running: row.running + owner.watches.countOf(row.key),
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
