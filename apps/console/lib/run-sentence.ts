/** One sentence about why a run is in its state, from what the page knows of it. */
import { RunState, TaskState } from "@millrace/wire/v1";
import type { TaskInstance } from "@millrace/wire/v1";
import { countsOfTask } from "./counts.ts";
import { formatCount, formatDuration, msOf, plural } from "./format.ts";
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
  const beside = skipped === 0 ? "" : `, ${formatCount(skipped)} skipped`;
  const noun = list.some((task) => task.mapped !== undefined) ? "task instance" : "task";
  return `${plural(countOf(list, TaskState.SUCCESS), noun)} succeeded${beside}${took}.`;
}

function failedSentence({ run, tasks }: RunLive): string {
  const first = [...tasks.values()]
    .filter((task) => countOf([task], TaskState.FAILED) > 0)
    .sort((a, b) => (msOf(a.endedAt) ?? 0) - (msOf(b.endedAt) ?? 0))[0];
  const own = run.failure?.message ?? "";
  if (first === undefined) return own === "" ? "The run failed." : own;
  const why = first.failure?.message.split("\n")[0] ?? "";
  const failures = countOf([first], TaskState.FAILED);
  if (first.mapped !== undefined && failures > 0) {
    const all = formatCount(first.mapped.length ?? failures);
    return `${formatCount(failures)} of ${all} instances of ${first.taskId} failed.`;
  }
  return `Task ${first.taskId} failed${why === "" ? "" : `: ${why}`}`;
}

function runningSentence(tasks: readonly TaskInstance[]): string {
  const running = countOf(tasks, TaskState.RUNNING);
  const retrying = countOf(tasks, TaskState.UP_FOR_RETRY);
  const waiting = countOf(tasks, TaskState.SCHEDULED) + countOf(tasks, TaskState.QUEUED);
  const looking = countOf(tasks, TaskState.UP_FOR_RESCHEDULE);
  const failed = countOf(tasks, TaskState.FAILED);
  const deferred = countOf(tasks, TaskState.DEFERRED);
  const asking = countOf(tasks, TaskState.AWAITING_INPUT);
  const counted = [
    { count: running, words: "running" },
    { count: waiting, words: "ready and waiting" },
    { count: retrying, words: "up for retry" },
    { count: looking, words: "between two looks" },
    { count: deferred, words: "deferred" },
    { count: asking, words: "awaiting a person's input" },
    { count: failed, words: "failed" },
  ].filter(({ count }) => count > 0);
  const words = counted.map(({ count, words }, ix) =>
    ix === 0 ? `${plural(count, "task")} ${words}` : `${formatCount(count)} ${words}`,
  );
  return words.length === 0 ? "No task runs at the moment." : `${words.join(", ")}.`;
}

function countOf(tasks: readonly TaskInstance[], state: TaskState): number {
  const counts = tasks.flatMap((task) => countsOfTask(task));
  return counts.reduce((sum, one) => sum + (one.state === state ? one.count : 0), 0);
}
