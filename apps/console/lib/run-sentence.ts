/** One sentence about why a run is in its state, from what the page knows of it. */
import { RunState, TaskState } from "@millrace/wire/v1";
import type { TaskInstance } from "@millrace/wire/v1";
import { formatDuration, msOf, plural } from "./format.ts";
import type { RunLive } from "./run-live.ts";

export function runSentence(live: RunLive): string {
  const { state } = live.run;
  if (state === RunState.QUEUED) return "Waits to begin.";
  if (state === RunState.SUCCESS) return succeededSentence(live);
  if (state === RunState.FAILED) return failedSentence(live);
  return runningSentence([...live.tasks.values()]);
}

function succeededSentence({ run, tasks }: RunLive): string {
  const list = [...tasks.values()];
  const started = msOf(run.startedAt);
  const ended = msOf(run.endedAt);
  const took = started === null || ended === null ? "" : ` in ${formatDuration(ended - started)}`;
  const skipped = countOf(list, TaskState.SKIPPED);
  const beside = skipped === 0 ? "" : `, ${skipped} skipped`;
  return `${plural(countOf(list, TaskState.SUCCESS), "task")} succeeded${beside}${took}.`;
}

function failedSentence({ run, tasks }: RunLive): string {
  const first = [...tasks.values()]
    .filter((task) => task.state === TaskState.FAILED)
    .sort((a, b) => (msOf(a.endedAt) ?? 0) - (msOf(b.endedAt) ?? 0))[0];
  const own = run.failure?.message ?? "";
  if (first === undefined) return own === "" ? "The run failed." : own;
  const why = first.failure?.message.split("\n")[0] ?? "";
  return `Task ${first.taskId} failed${why === "" ? "" : `: ${why}`}`;
}

function runningSentence(tasks: readonly TaskInstance[]): string {
  const running = countOf(tasks, TaskState.RUNNING);
  const retrying = countOf(tasks, TaskState.UP_FOR_RETRY);
  const waiting = countOf(tasks, TaskState.SCHEDULED) + countOf(tasks, TaskState.QUEUED);
  const failed = countOf(tasks, TaskState.FAILED);
  const words = [
    running > 0 ? `${plural(running, "task")} running` : "",
    waiting > 0 ? `${waiting} ready and waiting` : "",
    retrying > 0 ? `${retrying} up for retry` : "",
    failed > 0 ? `${failed} failed` : "",
  ].filter((word) => word !== "");
  return words.length === 0 ? "No task runs at the moment." : `${words.join(", ")}.`;
}

function countOf(tasks: readonly TaskInstance[], state: TaskState): number {
  return tasks.reduce((count, task) => count + (task.state === state ? 1 : 0), 0);
}
