/** Clear and mark in the test double: which task instances are meant, and what becomes of them. */
import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { AffectedInstanceSchema, RunState, TaskRole, TaskState } from "@millrace/wire/v1";
import type { AffectedInstance, InstanceSelection } from "@millrace/wire/v1";
import { refusal } from "./fake-errors.ts";
import { finalStates } from "./fake-rules.ts";
import type { FakeRun, FakeTask } from "./fake-run.ts";

/** `mapIndex` -1 is a task that is not mapped, or one that is not expanded. */
type Meant = { readonly task: FakeTask; readonly mapIndex: number; readonly isImplied: boolean };

const failed: ReadonlySet<TaskState> = new Set([TaskState.FAILED, TaskState.UPSTREAM_FAILED]);
const idle: ReadonlySet<TaskState> = new Set([TaskState.NONE, TaskState.REMOVED]);
/** What has begun and is not over, with a slot or without. */
const begun: ReadonlySet<TaskState> = new Set([
  TaskState.QUEUED,
  TaskState.RUNNING,
  TaskState.RESTARTING,
  TaskState.UP_FOR_RESCHEDULE,
  TaskState.DEFERRED,
  TaskState.AWAITING_INPUT,
]);

/** What is to be cleared; does it unless it is a dry run. */
export function clearIn(
  run: FakeRun,
  selection: InstanceSelection | undefined,
  isDryRun: boolean,
): AffectedInstance[] {
  const asked = meantBy(run, selection).filter((one) => isClearable(one));
  const meant = [...asked, ...scopesOf(run, asked).filter((one) => isClearable(one))];
  const affected = meant.map((one) => affectedOf(run, one));
  if (isDryRun || meant.length === 0) return affected;
  clearAll(run, meant);
  return affected;
}

/** What is to be marked, and what of the tasks after it is cleared then. */
export function markIn(
  run: FakeRun,
  selection: InstanceSelection | undefined,
  { state, now, isDryRun }: { state: TaskState; now: number; isDryRun: boolean },
): AffectedInstance[] {
  const asked = meantBy(run, selection).filter((one) => stateOf(one) !== state);
  const named = new Set(asked.map(({ task }) => task));
  const failedAfter = [...closure(run, named, "after")]
    .filter((task) => !named.has(task))
    .flatMap((task) => instancesOf(task, null, true))
    .filter((one) => failed.has(stateOf(one)));
  const affected = [...asked, ...failedAfter].map((one) => affectedOf(run, one));
  if (isDryRun || asked.length === 0) return affected;
  for (const [task, ixs] of byTask(asked)) {
    if (task.instances === null || ixs.includes(-1)) run.mark(task, state, now);
    else {
      task.instances.mark(ixs, state, now);
      run.refresh(task);
    }
  }
  clearAll(run, failedAfter);
  run.reopen();
  return affected;
}

/** What it takes to end the run as a person wants it. */
export function toMark(run: FakeRun, state: RunState): AffectedInstance[] {
  const meant = [...run.tasks.values()].flatMap((task) => instancesOf(task, null, false));
  return meant.flatMap((one) => {
    const before = stateOf(one);
    const nextState = state === RunState.SUCCESS ? TaskState.SUCCESS : failedOrSkipped(before);
    return before === nextState || before === TaskState.REMOVED
      ? []
      : [{ ...affectedOf(run, one), nextState }];
  });
}

/** Ends the run as a person wants it. */
export function markRun(run: FakeRun, state: RunState, now: number): void {
  const groups = Map.groupBy(toMark(run, state), ({ taskId, nextState }) =>
    JSON.stringify([taskId, nextState]),
  );
  for (const [first, ...others] of groups.values()) {
    const task = first === undefined ? undefined : run.tasks.get(first.taskId);
    if (first === undefined || task === undefined) continue;
    if (task.instances === null) run.mark(task, first.nextState, now);
    else {
      const ixs = [first, ...others].map(({ mapIndex }) => mapIndex);
      task.instances.mark(ixs, first.nextState, now);
      run.refresh(task);
    }
  }
  run.end(state, now);
}

function failedOrSkipped(state: TaskState): TaskState {
  if (finalStates.has(state)) return state;
  return begun.has(state) ? TaskState.FAILED : TaskState.SKIPPED;
}

function clearAll(run: FakeRun, meant: readonly Meant[]): void {
  if (meant.length === 0) return;
  for (const [task, ixs] of byTask(meant)) {
    if (task.instances === null || ixs.length === task.instances.length) run.clear(task);
    else {
      task.instances.clear(ixs);
      delete task.instance.endedAt;
      run.refresh(task);
    }
  }
  run.reopen();
}

function meantBy(run: FakeRun, selection: InstanceSelection | undefined): Meant[] {
  const refs = selection?.instances ?? [];
  const named = new Map<FakeTask, number | null>();
  const asked: Meant[] = [];
  for (const { taskId, mapIndex } of refs) {
    const task = run.tasks.get(taskId);
    if (task === undefined) {
      throw refusal(Code.NotFound, "TASK_NOT_FOUND", `The run has no task "${taskId}".`);
    }
    named.set(task, mapIndex ?? null);
    asked.push(...instancesOf(task, mapIndex ?? null, false));
  }
  if (refs.length === 0) {
    for (const task of run.tasks.values()) asked.push(...instancesOf(task, null, false));
  }
  const others = new Set<FakeTask>();
  const from = new Set(named.keys());
  if (selection?.upstream === true) for (const one of closure(run, from, "before")) others.add(one);
  if (selection?.downstream === true)
    for (const one of closure(run, from, "after")) others.add(one);
  for (const task of others) {
    if (!named.has(task)) asked.push(...instancesOf(task, null, false));
  }
  const states = selection?.states ?? [];
  return states.length === 0 ? asked : asked.filter((one) => states.includes(stateOf(one)));
}

/** Setups before what is meant, and the teardowns of these. */
function scopesOf(run: FakeRun, meant: readonly Meant[]): Meant[] {
  const named = new Set(meant.map(({ task }) => task));
  const setups = [...closure(run, named, "before")].filter(
    ({ spec }) => spec.role === TaskRole.SETUP,
  );
  const teardowns = [...closure(run, new Set(setups), "after")].filter(
    ({ spec }) => spec.role === TaskRole.TEARDOWN,
  );
  return [...setups, ...teardowns]
    .filter((task) => !named.has(task))
    .flatMap((task) => instancesOf(task, null, true));
}

/** The given ones and everything before or after them. */
function closure(
  run: FakeRun,
  from: ReadonlySet<FakeTask>,
  way: "before" | "after",
): ReadonlySet<FakeTask> {
  const found = new Set(from);
  for (let size = -1; size !== found.size;) {
    size = found.size;
    for (const task of run.tasks.values()) {
      const parents = run.parentsOf(task.spec.taskId).flatMap((id) => run.tasks.get(id) ?? []);
      if (way === "after" && parents.some((parent) => found.has(parent))) found.add(task);
      if (way === "before" && found.has(task)) for (const parent of parents) found.add(parent);
    }
  }
  return found;
}

function instancesOf(task: FakeTask, mapIndex: number | null, isImplied: boolean): Meant[] {
  if (task.instances === null) return [{ task, mapIndex: -1, isImplied }];
  if (mapIndex !== null) return [{ task, mapIndex, isImplied }];
  return Array.from({ length: task.instances.length }, (_, ix) => ({
    ...{ task, mapIndex: ix, isImplied },
  }));
}

function byTask(meant: readonly Meant[]): ReadonlyMap<FakeTask, number[]> {
  const tasks = new Map<FakeTask, number[]>();
  for (const { task, mapIndex } of meant) {
    const ixs = tasks.get(task);
    if (ixs === undefined) tasks.set(task, [mapIndex]);
    else ixs.push(mapIndex);
  }
  return tasks;
}

function stateOf({ task, mapIndex }: Meant): TaskState {
  return mapIndex < 0 || task.instances === null
    ? task.instance.state
    : task.instances.stateOf(mapIndex);
}

function isClearable(one: Meant): boolean {
  const state = stateOf(one);
  return !idle.has(state) && !(state === TaskState.SCHEDULED && one.task.instance.tryNumber === 0);
}

function affectedOf(run: FakeRun, one: Meant): AffectedInstance {
  return create(AffectedInstanceSchema, {
    runId: run.run.runId,
    taskId: one.task.spec.taskId,
    mapIndex: one.mapIndex,
    state: stateOf(one),
    isImplied: one.isImplied,
  });
}
