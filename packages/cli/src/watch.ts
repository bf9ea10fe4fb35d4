/** Follows a run to its end. */
import { Code, ConnectError } from "@connectrpc/connect";
import { RunState, type DagRun } from "@millrace/wire/v1";
import { setTimeout as delay } from "node:timers/promises";
import { listAllTasks } from "./commands/tasks.ts";
import type { Connection } from "./connection.ts";
import { CommandFailure, ExitCode } from "./exit-codes.ts";
import { jsonView, lineView, liveView, type WatchView } from "./watch-views.ts";

export type WatchOptions = { readonly json: boolean; readonly signal?: AbortSignal };

const reconnectDelayMs = 500;
const reconnectsMax = 60;

/** Resolves when the run has succeeded; throws CommandFailure(failed) when it has failed. */
export async function watchRun(
  client: Connection,
  runId: string,
  options: WatchOptions,
): Promise<void> {
  const view = options.json ? jsonView() : process.stderr.isTTY ? liveView() : lineView();
  let run: DagRun;
  try {
    run = await followRun(client, runId, view, options.signal);
  } finally {
    view.end();
  }
  if (run.state === RunState.SUCCESS) return;

  throw new CommandFailure(
    ExitCode.failed,
    `Run ${runId} of ${run.dagId} failed: ${run.failure?.message || `ask "millrace runs show ${runId}"`}`,
  );
}

async function followRun(
  client: Connection,
  runId: string,
  view: WatchView,
  signal: AbortSignal | undefined,
): Promise<DagRun> {
  const options = { timeoutMs: 0, ...(signal && { signal }) };
  // All tasks in their order, those without a state too; the stream leaves these out.
  const listed = await listAllTasks(client, runId);
  for (let failures = 0; ; failures++) {
    try {
      for await (const { run, taskInstances } of client.runs.watchDagRun({ runId }, options)) {
        failures = 0;
        const isOver = run !== undefined && isFinal(run.state);
        if (run && !isOver) view.run(run);
        for (const instance of [...listed.splice(0), ...taskInstances]) view.task(instance);
        if (!isOver) continue;
        view.run(run);
        return run;
      }
    } catch (error) {
      if (!isPassing(error) || failures >= reconnectsMax) throw error;
    }
    await delay(reconnectDelayMs, undefined, signal ? { signal } : {});
  }
}

/** The server is away, or went away in the middle of an answer. */
function isPassing(error: unknown): boolean {
  const { code } = ConnectError.from(error);
  return code === Code.Unavailable || code === Code.Aborted;
}

function isFinal(state: RunState): boolean {
  return state === RunState.SUCCESS || state === RunState.FAILED;
}
