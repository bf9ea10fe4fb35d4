/** Follows a run in the terminal: a table that redraws itself on a TTY, a line for each change elsewhere. */
import { toJson } from "@bufbuild/protobuf";
import {
  DagRunSchema,
  RunState,
  TaskInstanceSchema,
  TaskState,
  type DagRun,
  type TaskInstance,
} from "@millrace/wire/v1";
import { Code, ConnectError } from "@connectrpc/connect";
import { setTimeout as delay } from "node:timers/promises";
import pc from "picocolors";
import type { Connection } from "./connection.ts";
import { CommandFailure, ExitCode } from "./exit-codes.ts";
import { runStateWord, showDuration, showState, taskStateWord } from "./format.ts";
import { listAllTasks } from "./commands/tasks.ts";

export type WatchOptions = { readonly json: boolean; readonly signal?: AbortSignal };

/** More tasks than this are shown as counts, not rows. */
const rowsMax = 30;
const reconnectDelayMs = 500;
const reconnectsMax = 60;

/** Resolves when the run has succeeded; throws CommandFailure(failed) when it has failed. */
export async function watchRun(
  client: Connection,
  runId: string,
  options: WatchOptions,
): Promise<void> {
  const run = await followRun(client, runId, options);
  if (run.state === RunState.SUCCESS) return;
  throw new CommandFailure(
    ExitCode.failed,
    `Run ${runId} of ${run.dagId} failed: ${run.failure?.message || "see its tasks"}`,
  );
}

async function followRun(
  client: Connection,
  runId: string,
  options: WatchOptions,
): Promise<DagRun> {
  const view = options.json ? jsonView() : process.stderr.isTTY ? liveView() : lineView();
  for (const instance of await listAllTasks(client, runId)) view.task(instance);
  for (let failures = 0; ; failures++) {
    try {
      for await (const part of client.runs.watchDagRun({ runId }, signalOf(options))) {
        failures = 0;
        for (const instance of part.taskInstances) view.task(instance);
        if (part.run) view.run(part.run);
        if (part.run && isFinal(part.run.state)) {
          view.end();
          return part.run;
        }
      }
    } catch (error) {
      const isPassing = error instanceof ConnectError && error.code === Code.Unavailable;
      if (!isPassing || failures >= reconnectsMax) throw error;
    }
    await delay(reconnectDelayMs, undefined, signalOf(options));
  }
}

function signalOf(options: WatchOptions): { signal?: AbortSignal } {
  return options.signal ? { signal: options.signal } : {};
}

function isFinal(state: RunState): boolean {
  return state === RunState.SUCCESS || state === RunState.FAILED;
}

type View = { task(instance: TaskInstance): void; run(run: DagRun): void; end(): void };

function nameOf(instance: TaskInstance): string {
  return instance.mapIndex >= 0 ? `${instance.taskId}[${instance.mapIndex}]` : instance.taskId;
}

function jsonView(): View {
  const print = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
  return {
    task: (instance) => print({ taskInstance: toJson(TaskInstanceSchema, instance) }),
    run: (run) => print({ run: toJson(DagRunSchema, run) }),
    end: () => undefined,
  };
}

function lineView(): View {
  const seen = new Map<string, string>();
  let runState: RunState | undefined;
  return {
    task(instance) {
      const key = `${taskStateWord(instance.state)} ${instance.tryNumber}`;
      if (seen.get(nameOf(instance)) === key) return;
      seen.set(nameOf(instance), key);
      if (instance.state === TaskState.NONE || instance.state === TaskState.SCHEDULED) return;
      process.stderr.write(`  ${taskLine(instance)}\n`);
    },
    run(run) {
      if (runState === run.state) return;
      runState = run.state;
      process.stderr.write(`${runLine(run)}\n`);
    },
    end: () => undefined,
  };
}

function liveView(): View {
  const instances = new Map<string, TaskInstance>();
  let lastRun: DagRun | undefined;
  let drawn = 0;
  const draw = () => {
    const lines = [lastRun ? runLine(lastRun) : "", ...taskLines([...instances.values()])];
    const up = drawn ? `\u001b[${drawn}A` : "";
    process.stderr.write(`${up}${lines.map((line) => `\u001b[2K${line}\n`).join("")}`);
    drawn = lines.length;
  };
  return {
    task: (instance) => void instances.set(nameOf(instance), instance),
    run(run) {
      lastRun = run;
      draw();
    },
    end: draw,
  };
}

function taskLines(instances: readonly TaskInstance[]): string[] {
  if (instances.length <= rowsMax) return instances.map((it) => `  ${taskLine(it)}`);
  const counts = new Map<string, number>();
  for (const it of instances) {
    const word = taskStateWord(it.state);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, count]) => `  ${showState(word)} ${count}`);
}

function runLine(run: DagRun): string {
  const took = pc.dim(showDuration(run.startedAt, run.endedAt));
  return `${pc.bold(run.dagId)} ${run.runId} ${showState(runStateWord(run.state))} ${took}`;
}

function taskLine(instance: TaskInstance): string {
  const took = instance.startedAt ? showDuration(instance.startedAt, instance.endedAt) : "";
  const attempt = instance.tryNumber > 1 ? ` attempt ${instance.tryNumber}` : "";
  const why = instance.failure ? pc.dim(` ${instance.failure.message.split("\n")[0]}`) : "";
  return `${showState(taskStateWord(instance.state))} ${nameOf(instance)} ${pc.dim(took)}${attempt}${why}`;
}
