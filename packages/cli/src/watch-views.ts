/** A run as it goes on: a table that redraws itself on a terminal, a line for each change elsewhere, or NDJSON. */
import { toJson } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import {
  DagRunSchema,
  TaskInstanceSchema,
  TaskState,
  type DagRun,
  type RunState,
  type TaskInstance,
} from "@millrace/wire/v1";
import { colors } from "./colors.ts";
import {
  instanceName,
  runStateWord,
  showCounts,
  showDuration,
  showMilliseconds,
  showState,
  taskStateWord,
} from "./format.ts";
import { cutTo, printJsonLine, say, write } from "./output.ts";
import { showWaiting } from "./waiting.ts";

export type WatchView = { task(instance: TaskInstance): void; run(run: DagRun): void; end(): void };

/** More tasks than this are shown as counts, not rows. */
const rowsMax = 30;
/** Between frames: what runs shows how long it has been running. */
const frameMs = 250;
const usualColumns = 80;

export function jsonView(): WatchView {
  return {
    task: (instance) => printJsonLine({ taskInstance: toJson(TaskInstanceSchema, instance) }),
    run: (run) => printJsonLine({ run: toJson(DagRunSchema, run) }),
    end: () => undefined,
  };
}

export function lineView(): WatchView {
  const seen = new Map<string, string>();
  let runState: RunState | undefined;
  return {
    task(instance) {
      const key = `${taskStateWord(instance.state)} ${instance.tryNumber}`;
      if (seen.get(instanceName(instance)) === key) return;
      seen.set(instanceName(instance), key);
      if (instance.state === TaskState.NONE || instance.state === TaskState.SCHEDULED) return;
      say(`  ${taskLine(instance)}`);
    },
    run(run) {
      if (runState === run.state) return;
      runState = run.state;
      say(runLine(run));
    },
    end: () => undefined,
  };
}

export function liveView(stream: NodeJS.WriteStream = process.stderr): WatchView {
  const instances = new Map<string, TaskInstance>();
  let lastRun: DagRun | undefined;
  let drawn = 0;
  const draw = () => {
    if (!lastRun) return;
    const columns = stream.columns || usualColumns;
    const lines = [runLine(lastRun), ...taskLines([...instances.values()])];
    // Up to the first line of the frame before, and whatever it left below is cleared.
    const back = drawn > 0 ? `\u001b[${drawn}A\r\u001b[J` : "";
    stream.write(back);
    write(stream, lines.map((line) => `${cutTo(line, columns)}\n`).join(""));
    drawn = lines.length;
  };
  const frames = setInterval(draw, frameMs);
  return {
    task: (instance) => void instances.set(instanceName(instance), instance),
    run(run) {
      lastRun = run;
      draw();
    },
    end() {
      clearInterval(frames);
      draw();
    },
  };
}

function taskLines(instances: readonly TaskInstance[]): string[] {
  if (instances.length <= rowsMax) return alignedLines(instances);
  const counts = new Map<string, number>();
  for (const it of instances) {
    const word = taskStateWord(it.state);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, count]) => `  ${showState(word)} ${count}`);
}

function alignedLines(instances: readonly TaskInstance[]): string[] {
  const stateWidth = Math.max(0, ...instances.map((it) => taskStateWord(it.state).length));
  const nameWidth = Math.max(0, ...instances.map((it) => instanceName(it).length));
  return instances.map((it) => {
    const state = showState(taskStateWord(it.state));
    const pad = " ".repeat(stateWidth - taskStateWord(it.state).length);
    return `  ${state}${pad}  ${instanceName(it).padEnd(nameWidth)}  ${detail(it)}`;
  });
}

function runLine(run: DagRun): string {
  const took = run.startedAt ? ` ${colors.dim(showDuration(run.startedAt, run.endedAt))}` : "";
  return `${showState(runStateWord(run.state))} ${colors.bold(run.dagId)} ${run.runId}${took}`;
}

function taskLine(instance: TaskInstance): string {
  return `${showState(taskStateWord(instance.state))} ${instanceName(instance)} ${detail(instance)}`.trimEnd();
}

/** How long, at which attempt, when again, how many, and what went wrong. */
function detail(instance: TaskInstance): string {
  const { startedAt, endedAt, tryNumber, maxTries, retryAt, rescheduleAt, failure } = instance;
  const { mapped, chosenCases, waiting } = instance;
  return [
    startedAt && colors.dim(showDuration(startedAt, endedAt)),
    tryNumber > 1 && `attempt ${tryNumber} of ${maxTries}`,
    retryAt && `again in ${showWait(retryAt)}`,
    rescheduleAt && `looks again in ${showWait(rescheduleAt)}`,
    waiting && showWaiting(waiting),
    mapped && showCounts(mapped),
    chosenCases.length > 0 && `chose ${chosenCases.join(", ")}`,
    failure && colors.dim(failure.message.split("\n")[0]),
  ]
    .filter(Boolean)
    .join(" ");
}

function showWait({ seconds }: Timestamp): string {
  return showMilliseconds(Math.max(0, Number(seconds) * 1_000 - Date.now()));
}
