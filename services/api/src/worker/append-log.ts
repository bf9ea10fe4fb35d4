import { create } from "@bufbuild/protobuf";
import { MillraceError } from "@millrace/engine";
import type { Handler } from "@millrace/service";
import { parseAttemptId } from "@millrace/wire";
import { LogLineSchema, type LogLine } from "@millrace/wire/v1";
import { AppendLogRequestSchema, type WorkerService } from "@millrace/wire/worker";
import { fieldInvalid } from "../fields.ts";
import { workerLimits } from "../limits.ts";
import type { WorkerContext } from "./context.ts";
import { onceInSession } from "./repeats.ts";

export function appendLog(context: WorkerContext): Handler<typeof WorkerService.method.appendLog> {
  return async (request, call) => {
    // Lines of an attempt may come in a newer session than it was leased to: any session of a worker may bring them.
    const session = await context.sessions.require(request.session);
    return onceInSession(session, call, AppendLogRequestSchema, request, async () => {
      const attempt = parseAttemptId(request.attemptId);
      // Callbacks and watches have no log of their own, and must not write into that of the attempt they are about.
      if (attempt === null || attempt.of !== "body") throw new MillraceError("ATTEMPT_UNKNOWN");
      const { runKey, ix, mapIx, attempt: number } = attempt;
      const stored = await context.logs.append(
        { runKey, ix, mapIx, attempt: number },
        checkedLines(request.lines),
      );
      return { storedThroughSeq: BigInt(stored) };
    });
  };
}

function checkedLines(lines: readonly LogLine[]): LogLine[] {
  if (lines.length > workerLimits.logLinesPerAppend) {
    throw fieldInvalid(
      "lines",
      `has ${lines.length} entries; the limit is ${workerLimits.logLinesPerAppend}.`,
    );
  }
  const bytes = lines.reduce(
    (sum, { message, fieldsJson }) => sum + message.length + fieldsJson.length,
    0,
  );
  if (bytes > workerLimits.logBytesPerAppend)
    throw fieldInvalid(
      "lines",
      `has ${bytes} characters; the limit is ${workerLimits.logBytesPerAppend}.`,
    );
  lines.forEach((line, index) => {
    const expected = (lines[0]?.seq ?? 1n) + BigInt(index);
    if (line.seq !== expected || line.seq < 1n || line.seq > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw fieldInvalid(
        "lines.seq",
        `is ${line.seq} where ${expected} was due; lines are numbered 1, 2, 3 … without gaps.`,
      );
    }
  });
  return lines.map(cut);
}

function cut(line: LogLine): LogLine {
  const { logLineLength } = workerLimits;
  if (line.message.length <= logLineLength) return line;
  return create(LogLineSchema, {
    ...line,
    message: `${line.message.slice(0, logLineLength - 1)}…`,
  });
}
