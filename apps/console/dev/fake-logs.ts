/** Logs of the test double, made when they are asked for from what the attempt has had time to write. */
import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { LogLineSchema, LogStream, TaskState } from "@millrace/wire/v1";
import type { Attempt, LogLevel, LogLine } from "@millrace/wire/v1";
import type { FakeRun } from "./fake-run.ts";
import { logText } from "./fake-texts.ts";

/** Lines in one message. */
const pageLines = 2_000;

export function attemptOf(attempts: readonly Attempt[], tryNumber: number): Attempt | undefined {
  return tryNumber === 0
    ? attempts.at(-1)
    : attempts.find((attempt) => attempt.tryNumber === tryNumber);
}

export function isOpen(attempt: Attempt | undefined): boolean {
  return attempt?.state === TaskState.RUNNING;
}

/** The next page of lines after `afterSeq`, as far as they are written by `now`. */
export function linesAfter(
  run: FakeRun,
  {
    taskId,
    attempt,
    afterSeq,
    now,
  }: { taskId: string; attempt: Attempt; afterSeq: number; now: number },
): readonly LogLine[] {
  const { lines = 5, ms } = run.behaviourOf(taskId);
  const began = attempt.startedAt === undefined ? now : timestampMs(attempt.startedAt);
  const ended = attempt.endedAt === undefined ? now : timestampMs(attempt.endedAt);
  const step = ms / lines;
  const task = run.tasks.get(taskId);
  // One that is held at work goes on writing.
  const max = task !== undefined && run.isToHold(task, TaskState.RUNNING) ? Infinity : lines;
  const written = isOpen(attempt) ? Math.min(max, Math.floor((ended - began) / step) + 1) : lines;
  const count = Math.max(0, Math.min(written - afterSeq, pageLines));
  return Array.from({ length: count }, (_, ix) => {
    const seq = afterSeq + ix + 1;
    const { message, fields, level } = logText(taskId, seq);
    return create(LogLineSchema, {
      seq: BigInt(seq),
      at: timestampFromMs(Math.round(began + seq * step)),
      message,
      fieldsJson: fields,
      level: level as LogLevel,
      stream: seq % 6 === 0 ? LogStream.STDOUT : LogStream.LOG,
    });
  });
}
