/** What holds a task back beside its run, its DAG being paused and workers: limits of instances, pools, rates. */

import type { Limits, PoolView } from "./limits.ts";
import { plain, type Reason } from "./reasons.ts";
import type { InstanceRef, Run } from "../run/run.ts";
import { spanText } from "./span-text.ts";
import type { TaskSpec } from "../spec/spec.ts";

const namedInSentence = 3;

/** Whether there is any: what is asked before every grant. */
export function isHeldByLimit(run: Run, { ix }: InstanceRef, limits: Limits): boolean {
  const { dag, occupied } = run;
  const task = dag.tasks[ix]!;
  const { maxActiveTasksPerDag } = dag.spec;
  if (maxActiveTasksPerDag !== null && limits.activeTasks >= maxActiveTasksPerDag) return true;
  if (occupied !== null) {
    const { maxActiveTis, maxActiveTisPerRun } = task;
    if (maxActiveTisPerRun !== null && occupied[ix]! >= maxActiveTisPerRun) return true;
    if (maxActiveTis !== null && limits.activeTis(task.id) >= maxActiveTis) return true;
  }
  const view = limits.pool(task.pool);
  if (!view.exists || view.open < task.poolSlots) return true;
  return task.rateLimit !== null && limits.rate(task.rateLimit) !== null;
}

export function limitReasons(run: Run, { ix }: InstanceRef, limits: Limits): Reason[] {
  const reasons: Reason[] = [];
  const { dag, occupied } = run;
  const task = dag.tasks[ix]!;
  const { maxActiveTasksPerDag: perDag } = dag.spec;
  if (perDag !== null && limits.activeTasks >= perDag)
    reasons.push(
      plain(
        "max_active_tasks_per_dag",
        `${limits.activeTasks} ${limits.activeTasks === 1 ? "task" : "tasks"} of this DAG's runs are running, and max_active_tasks_per_dag allows ${perDag} at a time.`,
        { running: String(limits.activeTasks), limit: String(perDag) },
      ),
    );
  if (occupied !== null) {
    const inRun = tisReason("max_active_tis_per_run", task.maxActiveTisPerRun, occupied[ix]!);
    const inAll = tisReason("max_active_tis", task.maxActiveTis, limits.activeTis(task.id));
    reasons.push(...inAll, ...inRun);
  }
  const view = limits.pool(task.pool);
  if (!view.exists || view.open < task.poolSlots) reasons.push(poolReason(task, view));
  if (task.rateLimit !== null) reasons.push(...rateReason(task, limits));
  return reasons;
}

function tisReason(
  kind: "max_active_tis" | "max_active_tis_per_run",
  limit: number | null,
  active: number,
): Reason[] {
  if (limit === null || active < limit) return [];
  const where = kind === "max_active_tis" ? "over all runs" : "in this run";
  const message = `${active} of this task's instances ${active === 1 ? "is" : "are"} active ${where}, and ${kind} allows ${limit} at a time.`;
  return [plain(kind, message, { active: String(active), limit: String(limit) })];
}

function poolReason({ pool, poolSlots }: TaskSpec, view: PoolView): Reason {
  const wanted = poolSlots === 1 ? "a slot" : `${poolSlots} slots`;
  if (!view.exists)
    return plain(
      "no_pool",
      `There is no pool "${pool}"; make it with: millrace pools create ${pool} --slots 8.`,
      { pool },
    );
  const { slots, openInAll, holders } = view;
  const facts = { pool, wanted: String(poolSlots), slots: String(slots ?? "unlimited") };
  if (slots !== null && poolSlots > slots)
    return plain(
      "pool",
      `It takes ${wanted} of the pool "${pool}", which has ${slots}; give the pool more, or the task fewer.`,
      facts,
    );
  const open = openInAll === null ? {} : { open: String(openInAll) };
  const held = holders.length === 0 ? {} : { held_by: holders.join(", ") };
  const all = { ...facts, ...open, ...held };
  if (openInAll !== null && openInAll >= poolSlots)
    return plain(
      "pool",
      `The pool "${pool}" has ${openInAll} of ${slots} slots open, and ${wanted} of them ${poolSlots === 1 ? "is" : "are"} on the way to this DAG, or to one that waited for longer.`,
      all,
    );
  const by = holders.length === 0 ? "" : ` Held by ${named(holders)}.`;
  const free = openInAll === null ? "" : ` ${Math.max(0, openInAll)} of ${slots} are open.`;
  return plain("pool", `Waits for ${wanted} of the pool "${pool}".${free}${by}`, all);
}

function named(holders: readonly string[]): string {
  const shown = holders.slice(0, namedInSentence).join(", ");
  const more = holders.length - namedInSentence;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

function rateReason({ rateLimit }: TaskSpec, limits: Limits): Reason[] {
  const wait = rateLimit === null ? null : limits.rate(rateLimit);
  if (rateLimit === null || wait === null) return [];
  const { key, limit, perMs } = rateLimit;
  const { started, until } = wait;
  const when = until === null ? "soon" : `in ${spanText(until - limits.now)}`;
  const message = `${started} tasks with the key "${key}" have started within ${spanText(perMs)}, and its rate allows ${limit}; the next start is possible ${when}.`;
  const facts = { key, limit: String(limit), per_ms: String(perMs), started: String(started) };
  return [{ ...plain("rate_limit", message, facts), until }];
}
