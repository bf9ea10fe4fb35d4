import {
  findXComs,
  getRun,
  listRunsBefore,
  pullXComs,
  type PulledRow,
  type WhichXComs,
} from "@millrace/db";
import { MillraceError, type CompiledDag } from "@millrace/engine";
import type { Handler } from "@millrace/service";
import { runIdOf } from "@millrace/wire";
import type { PullXComsRequest, WorkerService } from "@millrace/wire/worker";
import { dagIdField, fieldInvalid, runIdField, runNotFound, shown } from "../fields.ts";
import { workerLimits } from "../limits.ts";
import { isMappedTask } from "../task-instances.ts";
import type { WorkerContext } from "./context.ts";
import { requireHeldAttempt, type HeldAttempt } from "./held-attempt.ts";

/** What bodies returned. */
const returnKey = "return_value";

/** Values as they lie in the rows; what a worker makes of them is in docs/xcoms.md. */
export function pullXComsOf(
  context: WorkerContext,
): Handler<typeof WorkerService.method.pullXComs> {
  return async (request) => {
    const session = await context.sessions.require(request.session);
    const which = checked(request);
    const attempt = await requireHeldAttempt(context, session, request.attemptId);
    const places =
      request.run.case === "includePriorDates" && request.run.value
        ? await placesByDate(context, request, attempt, which)
        : await placesInRun(context, request, attempt);
    const found = places.filter((place) => place.runKey !== null);
    const tasks = {
      runKeys: found.map(({ runKey }) => runKey ?? 0),
      ixs: found.map(({ ix }) => ix),
    };
    const pulled = await pullXComs(context.db, tasks, which, {
      count: workerLimits.xcomsPerPull,
      bytes: workerLimits.bytesPerPull,
    });
    if (pulled.kind === "tooMuch") throw tooMuch(pulled);
    return {
      xcoms: pulled.rows.map(({ at, mapIx, value }: PulledRow) => ({
        taskId: found[at]?.taskId ?? "",
        mapIndex: mapIx,
        value: { data: Uint8Array.from(value) },
      })),
      mappedTaskIds: places.filter(({ isMapped }) => isMapped).map(({ taskId }) => taskId),
    };
  };
}

function checked({ taskIds, key, mapIndexes, run, dagId }: PullXComsRequest): WhichXComs {
  const most = workerLimits.tasksPerPull;
  if (taskIds.length === 0 || taskIds.length > most)
    throw fieldInvalid("task_ids", `has ${taskIds.length} entries; name 1 to ${most} tasks.`);
  if (new Set(taskIds).size < taskIds.length)
    throw fieldInvalid("task_ids", "names a task twice; name each once.");
  if (mapIndexes.length > workerLimits.xcomsPerPull)
    throw fieldInvalid(
      "map_indexes",
      `has ${mapIndexes.length} entries; the limit is ${workerLimits.xcomsPerPull}. Leave it out for all, or ask more often.`,
    );
  if (mapIndexes.some((index) => index < -1))
    throw fieldInvalid("map_indexes", "has an index below -1; those of instances begin with 0.");
  if (key === "" || key.length > workerLimits.xcomKeyLength || key.includes("\0"))
    throw fieldInvalid(
      "key",
      `has ${key.length} characters; write 1 to ${workerLimits.xcomKeyLength}.`,
    );
  if (dagId !== "" && (run.case === undefined || run.value === false))
    throw fieldInvalid("dag_id", "goes with run_id or include_prior_dates; say in which run.");
  return { key: key === returnKey ? null : key, mapIxs: mapIndexes };
}

/** A task, and where its values are; a run of null is nowhere. */
type Place = {
  readonly taskId: string;
  readonly runKey: number | null;
  readonly ix: number;
  readonly isMapped: boolean;
};

async function placesInRun(
  context: WorkerContext,
  { run, dagId, taskIds }: PullXComsRequest,
  { ref, holder }: HeldAttempt,
): Promise<Place[]> {
  const isOwn = run.case !== "runId";
  const runKey = isOwn ? ref.runKey : runIdField(run.value);
  const row = isOwn ? holder : await getRun(context.db, runKey);
  if (row === null) throw runNotFound(runIdOf(runKey));
  if (dagId !== "" && row.dag_id !== dagIdField(dagId))
    throw fieldInvalid("dag_id", `is ${shown(dagId)}, but the run is one of ${shown(row.dag_id)}.`);
  const { dag } = await context.versions.get(row.dag_version_id);
  return taskIds.map((taskId) => {
    const place = placeIn(dag, taskId, runKey);
    if (place === null) throw taskNotFound(taskId, row.dag_id);
    return place;
  });
}

function placeIn(dag: CompiledDag, taskId: string, runKey: number | null): Place | null {
  const ix = dag.ixOf.get(taskId);
  return ix === undefined ? null : { taskId, runKey, ix, isMapped: isMappedTask(dag, ix) };
}

/**
 * For each task the newest run in which it left something. A run without a logical date looks into itself first, and then
 * at those with a date up to when it was due.
 */
async function placesByDate(
  context: WorkerContext,
  { dagId, taskIds }: PullXComsRequest,
  { ref, holder }: HeldAttempt,
  which: WhichXComs,
): Promise<Place[]> {
  const ofDag = dagId === "" ? holder.dag_id : dagIdField(dagId);
  const isOwnDag = ofDag === holder.dag_id;
  const search = new Search(context, taskIds, which);
  const own = { id: ref.runKey, dag_version_id: holder.dag_version_id };
  if (isOwnDag && holder.logical_at === null) await search.lookInto([own]);
  const notAfter = holder.logical_at ?? holder.run_after;
  let before: Date | null = null;
  let looked = 0;
  while (search.isOpen && looked < workerLimits.priorRunsMax) {
    const limit = Math.min(search.pageSize, workerLimits.priorRunsMax - looked);
    const runs = await listRunsBefore(context.db, ofDag, { notAfter, before, limit });
    await search.lookInto(runs);
    looked += runs.length;
    before = runs.at(-1)?.logical_at ?? null;
    if (runs.length < limit) break;
  }
  const { dag } = isOwnDag ? await context.versions.get(holder.dag_version_id) : { dag: null };
  return taskIds.map((taskId) => {
    const place = search.placeOf(taskId) ?? (dag && placeIn(dag, taskId, null));
    if (place === null) throw taskNotFound(taskId, ofDag);
    return place;
  });
}

/** Goes back from run to run until every task has been found. */
class Search {
  readonly #context: WorkerContext;
  readonly #which: WhichXComs;
  readonly #open: Set<string>;
  readonly #found = new Map<string, Place>();
  /** In the newest run that has the task at all. */
  readonly #known = new Map<string, Place>();

  constructor(context: WorkerContext, taskIds: readonly string[], which: WhichXComs) {
    this.#context = context;
    this.#which = which;
    this.#open = new Set(taskIds);
  }

  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  /** So many runs at a time that one statement looks at no more than some hundred tasks. */
  get pageSize(): number {
    return Math.max(1, Math.floor(workerLimits.priorTasksPerRead / Math.max(1, this.#open.size)));
  }

  placeOf(taskId: string): Place | null {
    return this.#found.get(taskId) ?? this.#known.get(taskId) ?? null;
  }

  /** @param runs newest first. */
  async lookInto(
    runs: readonly { readonly id: number; readonly dag_version_id: number }[],
  ): Promise<void> {
    const { db, versions } = this.#context;
    const dags = await versions.getAll(runs.map((run) => run.dag_version_id));
    const places = runs.flatMap(({ id, dag_version_id: version }) => {
      const dag = dags.get(version)?.dag;
      return [...this.#open].flatMap((taskId) => (dag && placeIn(dag, taskId, id)) ?? []);
    });
    for (const place of places) {
      if (!this.#known.has(place.taskId)) this.#known.set(place.taskId, { ...place, runKey: null });
    }
    const asked = {
      runKeys: places.map(({ runKey }) => runKey ?? 0),
      ixs: places.map(({ ix }) => ix),
    };
    for (const at of await findXComs(db, asked, this.#which)) {
      const place = places[at];
      if (place === undefined || !this.#open.delete(place.taskId)) continue;
      this.#found.set(place.taskId, place);
    }
  }
}

function taskNotFound(taskId: string, dagId: string): MillraceError {
  return new MillraceError(
    "TASK_NOT_FOUND",
    `DAG ${shown(dagId)} has no task ${shown(taskId)} in the run that was asked for.`,
    { metadata: { dag_id: dagId, task_id: taskId.slice(0, 250) } },
  );
}

function tooMuch({ count, bytes }: { readonly count: number; readonly bytes: number }) {
  const { xcomsPerPull, bytesPerPull } = workerLimits;
  const what =
    count > xcomsPerPull
      ? `There are more than ${xcomsPerPull} values`
      : `The values have ${bytes} bytes together, more than ${bytesPerPull}`;
  return new MillraceError(
    "VALUE_TOO_LARGE",
    `${what}. Ask for some map indexes at a time, or for fewer tasks; as an argument a task may be given as much.`,
    { metadata: { count: String(count), bytes: String(bytes) } },
  );
}
