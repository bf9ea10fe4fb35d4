/** Which arrows a run took: what a branch chose, what it left out, and what is written on the arrows. */
import { TaskControl, TaskState } from "@millrace/wire/v1";
import type { DagSpec, TaskInstance, TaskSpec } from "@millrace/wire/v1";

export type PathState = "open" | "taken" | "not_taken";

type Tasks = ReadonlyMap<string, TaskInstance>;

/** The cases of a branch that go on with a task. */
export function casesTo(branch: TaskSpec, taskId: string): readonly string[] {
  return branch.cases.filter((one) => one.taskIds.includes(taskId)).map((one) => one.name);
}

/** What stands on the arrows, by `from→to`: their own word, or the cases of the branch they leave. */
export function edgeLabels(spec: DagSpec): ReadonlyMap<string, string> {
  const taskOf = new Map(spec.tasks.map((task) => [task.taskId, task]));
  const labels = new Map<string, string>();
  for (const { fromTaskId, toTaskId, label } of spec.edges) {
    const from = taskOf.get(fromTaskId);
    const word = label !== "" || from === undefined ? label : casesTo(from, toTaskId).join(", ");
    if (word !== "") labels.set(`${fromTaskId}→${toTaskId}`, word);
  }
  return labels;
}

/** Whether a task that has ended well let the run go on to a task directly after it. */
export function isChosen(from: TaskSpec, state: TaskInstance, toTaskId: string): boolean {
  const chosen = state.chosenCases;
  if (from.control === TaskControl.SHORT_CIRCUIT) return chosen.length > 0;
  if (from.control !== TaskControl.BRANCH) return true;
  return casesTo(from, toTaskId).some((name) => chosen.includes(name));
}

/** Of one arrow. An arrow whose ends are both skipped was no way that the run went either. */
export function pathState(
  from: TaskSpec | undefined,
  to: TaskSpec | undefined,
  tasks: Tasks,
): PathState {
  const [start, end] = [tasks.get(from?.taskId ?? ""), tasks.get(to?.taskId ?? "")];
  if (from === undefined || to === undefined || start === undefined) return "open";
  if (start.state === TaskState.SKIPPED) return "not_taken";
  if (start.state !== TaskState.SUCCESS) return "open";
  // What a mapped branch chose differs from instance to instance.
  if (start.mapped !== undefined) return "taken";
  if (!isChosen(from, start, to.taskId)) return "not_taken";
  return end?.state === TaskState.SKIPPED && from.control !== TaskControl.NONE ? "open" : "taken";
}
