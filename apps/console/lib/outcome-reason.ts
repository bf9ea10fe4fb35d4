/** Why a task was skipped, or could not run, as far as the graph and the states of its neighbours tell. */
import { TaskControl, TaskRole, TaskState } from "@millrace/wire/v1";
import type { DagSpec, TaskInstance, TaskSpec } from "@millrace/wire/v1";
import { ruleName, unusualRule } from "./map-shape.ts";
import { casesTo, isChosen } from "./paths.ts";

export type OutcomeReason = {
  readonly message: string;
  /** The tasks that it is because of. */
  readonly taskIds: readonly string[];
};

type Run = { readonly spec: DagSpec; readonly tasks: ReadonlyMap<string, TaskInstance> };

const namedMax = 20;

/** Null for tasks whose state says it all, and for those whose failure is a message of its own. */
export function outcomeReason(run: Run, task: TaskInstance): OutcomeReason | null {
  const spec = run.spec.tasks.find((one) => one.taskId === task.taskId);
  if (spec === undefined) return null;
  if (task.state === TaskState.SKIPPED) return skipReason(run, spec, task);
  if (task.state === TaskState.UPSTREAM_FAILED) return upstreamReason(run, spec);
  if (task.state === TaskState.REMOVED) {
    return about(
      "The list it is mapped over has become shorter: it is no part of the run any more.",
    );
  }
  return null;
}

function skipReason(run: Run, spec: TaskSpec, task: TaskInstance): OutcomeReason {
  if (task.mapped?.length === 0) return about("The list it is mapped over is empty.");
  const ran = task.tryNumber > 0 && task.startedAt !== undefined;
  if (ran) {
    return spec.sensor?.softFail === true
      ? about("It skipped itself: its time to look was over, and soft fail is set.")
      : about("It skipped itself: its body asked to be skipped.");
  }
  const stop = stoppedBy(run, spec.taskId);
  if (stop !== null) return stop;
  const skipped = parentsIn(run, spec.taskId, [TaskState.SKIPPED]);
  if (skipped.length > 0) {
    const rule = unusualRule(spec);
    const by = rule === null ? "" : `, and its trigger rule is ${rule}`;
    return about(`Skipped with what comes before it: ${named(skipped)}${by}.`, skipped);
  }
  const rule = unusualRule(spec);
  if (rule !== null) {
    return about(`Its trigger rule ${rule} could not be met any more, or a person marked it.`);
  }
  return about("A person marked it as skipped.");
}

/** The branch directly before it that chose other cases, or the short circuit somewhere before it. */
function stoppedBy(run: Run, taskId: string): OutcomeReason | null {
  for (const branch of parentsOf(run, taskId)) {
    const state = run.tasks.get(branch.taskId);
    if (branch.control !== TaskControl.BRANCH || state?.state !== TaskState.SUCCESS) continue;
    if (isChosen(branch, state, taskId)) continue;
    const chose =
      state.chosenCases.length === 0 ? "chose no case" : `went on with ${named(state.chosenCases)}`;
    const own = casesTo(branch, taskId);
    const rest = own.length === 0 ? "and this task is in none" : `and not with ${named(own)}`;
    return about(`The branch ${branch.taskId} ${chose}, ${rest}.`, [branch.taskId]);
  }
  const seen = new Set<string>();
  const queue = [taskId];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const parent of parentsOf(run, at)) {
      if (seen.has(parent.taskId)) continue;
      seen.add(parent.taskId);
      const state = run.tasks.get(parent.taskId);
      const isStop =
        parent.control === TaskControl.SHORT_CIRCUIT &&
        state?.state === TaskState.SUCCESS &&
        state.chosenCases.length === 0;
      if (isStop) {
        return about(`The short circuit ${parent.taskId} stopped what comes after it.`, [
          parent.taskId,
        ]);
      }
      if (state?.state === TaskState.SKIPPED) queue.push(parent.taskId);
    }
  }
  return null;
}

function upstreamReason(run: Run, spec: TaskSpec): OutcomeReason {
  const failed = parentsIn(run, spec.taskId, [TaskState.FAILED, TaskState.UPSTREAM_FAILED]);
  if (failed.length > 0) {
    return about(`Could not run, because ${named(failed)} before it did not succeed.`, failed);
  }
  const rule = ruleName(spec.triggerRule);
  return spec.role === TaskRole.TEARDOWN
    ? about("No setup that it cleans up after succeeded.")
    : about(
        `Its trigger rule ${rule} could not be met: nothing that was left could have let it run.`,
      );
}

function parentsOf({ spec }: Run, taskId: string): readonly TaskSpec[] {
  const ids = new Set(
    spec.edges.filter((edge) => edge.toTaskId === taskId).map((edge) => edge.fromTaskId),
  );
  return spec.tasks.filter((task) => ids.has(task.taskId));
}

/** The tasks directly before it of which an instance is in one of the states. */
function parentsIn(run: Run, taskId: string, states: readonly TaskState[]): readonly string[] {
  return parentsOf(run, taskId)
    .map((parent) => parent.taskId)
    .filter((id) => {
      const parent = run.tasks.get(id);
      if (parent === undefined) return false;
      const isAny = parent.mapped?.counts.some(
        (one) => one.count > 0 && states.includes(one.state),
      );
      return states.includes(parent.state) || isAny === true;
    });
}

function named(words: readonly string[]): string {
  const shown = words.slice(0, 4).join(", ");
  return words.length > 4 ? `${shown} and ${words.length - 4} more` : shown;
}

function about(message: string, taskIds: readonly string[] = []): OutcomeReason {
  return { message, taskIds: taskIds.slice(0, namedMax) };
}
