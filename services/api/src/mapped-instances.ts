/** Instances of a mapped task, page by page. */

import { listMappedInstances, readSpanStates, type MappedPage } from "@millrace/db";
import { TaskState } from "@millrace/engine";
import type { TaskInstance } from "@millrace/wire/v1";
import type { ApiContext } from "./context.ts";
import { taskInstanceMessage, unstartedTaskInstance } from "./messages/task-instance.ts";
import { cutPage } from "./paging.ts";
import { waitingOf, type RunWithDag } from "./task-instance-reading.ts";
import { countsIn, idleState, matesOf, oneIn, type RunStates } from "./task-instances.ts";

export type InstancePage = {
  readonly ix: number;
  /** Empty for any. */
  readonly wanted: readonly TaskState[];
  /** -1 for the first page. */
  readonly afterMapIx: number;
  readonly limit: number;
};

/** In the order of the index; none before the task is expanded. `last` is where the next page begins, null at the end. */
export async function readInstances(
  context: Pick<ApiContext, "db">,
  { run, dag }: RunWithDag,
  states: RunStates,
  page: InstancePage,
): Promise<{ readonly instances: TaskInstance[]; readonly last: number | null }> {
  const mapped = states.mapped.get(page.ix);
  if (mapped === undefined) return { instances: [], last: null };
  const found = await listMappedInstances(context.db, rowsWanted(run.id, page, mapped.idle));
  const { rows, last } = cutPage(found, page.limit);
  const waiting = rows.filter(({ state }) => state === null || state === TaskState.none);
  const stateOf = await idleStates(
    context,
    run.id,
    states,
    page.ix,
    waiting.map((row) => row.map_ix),
  );
  const instances = rows.map((row) => {
    const idle = { state: stateOf(row.map_ix), readyAt: null };
    return row.state === null
      ? unstartedTaskInstance(dag, run.id, { ix: page.ix, mapIx: row.map_ix, ...idle })
      : taskInstanceMessage(dag, run.id, { ...row, ix: page.ix }, waitingOf(row, idle));
  });
  const isWanted = ({ state }: TaskInstance) =>
    page.wanted.length === 0 || page.wanted.includes(state as TaskState);
  return { instances: instances.filter(isWanted), last: last?.map_ix ?? null };
}

/** Instances that only wait are in no state of their own: their rows say `none`, if there are any. */
function rowsWanted(
  runKey: number,
  { ix, wanted, afterMapIx, limit }: InstancePage,
  idle: TaskState | null,
): MappedPage {
  const page = { runKey, ix, afterMapIx, limit: limit + 1 };
  if (wanted.length === 0) return { ...page, states: null, includeRowless: true };
  const idleMayBe = idle === null ? [TaskState.none, TaskState.scheduled] : [idle];
  const includeRowless = wanted.some((state) => idleMayBe.some((each) => each === state));
  const others = wanted.filter((state) => state !== TaskState.none);
  return {
    ...page,
    states: includeRowless ? [...others, TaskState.none] : others,
    includeRowless,
  };
}

/** What the instances of these indexes wait for may be their own index of another task: all of one page is read at once. */
async function idleStates(
  { db }: Pick<ApiContext, "db">,
  runKey: number,
  states: RunStates,
  ix: number,
  mapIxs: readonly number[],
): Promise<(mapIx: number) => TaskState> {
  const mapped = states.mapped.get(ix);
  if (mapped === undefined || mapped.length === null || mapIxs.length === 0)
    return () => TaskState.none;
  const { idle } = mapped;
  if (idle !== null) return () => idle;
  const mates = matesOf(states.dag, ix).filter((mate) => isAlike(states, mate, ix));
  const span = { from: Math.min(...mapIxs), to: Math.max(...mapIxs) };
  const found = await readSpanStates(db, runKey, mates, span);
  const byMate = new Map(
    mates.map((mate) => {
      const { mapIxs: at = [], states: are = [] } = found.get(mate) ?? {};
      return [mate, new Map(at.map((mapIx, i) => [mapIx, are[i] ?? TaskState.none]))];
    }),
  );
  return (mapIx) =>
    idleState(states, ix, (other) => {
      const own = byMate.get(other);
      return own === undefined ? countsIn(states, other) : oneIn(own.get(mapIx) ?? TaskState.none);
    });
}

/** Whether two tasks of a mapped group have the same indexes. Where one is mapped further, all of its instances are looked at. */
function isAlike({ dag }: RunStates, mate: number, ix: number): boolean {
  const isPlain = (task: number) => dag.tasks[task]?.each.length === 0;
  return dag.mapping.frameOf[mate] === dag.mapping.frameOf[ix] && isPlain(mate) && isPlain(ix);
}
