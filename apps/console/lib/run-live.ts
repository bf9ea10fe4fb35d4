/** A run with its task instances, as the page keeps it: read whole, then patched by what the server reports. */
import type { DagRun, TaskInstance, WatchDagRunResponse } from "@millrace/wire/v1";
import { isFinalRun } from "./states.ts";

export type RunLive = {
  readonly run: DagRun;
  /** By task id, a mapped one as its summary; tasks not yet reached may be missing. */
  readonly tasks: ReadonlyMap<string, TaskInstance>;
};

/** Calls of the api that reading needs, as the generated clients have them. */
export type RunReader = {
  getDagRun(
    request: { runId: string },
    options: CallOptions,
  ): Promise<{ run?: DagRun | undefined }>;
  listTaskInstances(
    request: { runId: string; pageSize: number; pageToken: string },
    options: CallOptions,
  ): Promise<{ taskInstances: TaskInstance[]; nextPageToken: string }>;
};

type CallOptions = { readonly signal: AbortSignal };

const pageSize = 1_000;

/** Reads a run whole. The run is read first, so that a change in between is seen again, never lost. */
export async function readRun(
  reader: RunReader,
  runId: string,
  signal: AbortSignal,
): Promise<RunLive> {
  const { run } = await reader.getDagRun({ runId }, { signal });
  if (run === undefined) throw new Error(`The server answered without the run ${runId}.`);
  const tasks = new Map<string, TaskInstance>();
  let pageToken = "";
  do {
    const page = await reader.listTaskInstances({ runId, pageSize, pageToken }, { signal });
    for (const task of page.taskInstances) tasks.set(task.taskId, task);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return { run, tasks };
}

/** The newer of what is there and what was read; revisions only grow. */
export function newerOf(known: RunLive | undefined, read: RunLive): RunLive {
  return known !== undefined && known.run.revision > read.run.revision ? known : read;
}

/** Applies messages of a watch in order. One that is older than what is known, as after a reconnect, changes nothing. */
export function applyWatch(
  known: RunLive | undefined,
  messages: readonly WatchDagRunResponse[],
): RunLive | undefined {
  let run = known?.run;
  const tasks = new Map(known?.tasks);
  for (const message of messages) {
    if (message.run === undefined) continue;
    if (run !== undefined && message.run.revision < run.revision) continue;
    run = message.run;
    for (const task of message.taskInstances) {
      // Of a mapped task the run keeps the summary; its instances are read page by page.
      if (task.mapIndex < 0) tasks.set(task.taskId, task);
    }
  }
  return run === undefined ? known : { run, tasks };
}

/** Whether anything of the run can still change. */
export function isSettled(live: RunLive | undefined): boolean {
  return live !== undefined && isFinalRun(live.run.state);
}
