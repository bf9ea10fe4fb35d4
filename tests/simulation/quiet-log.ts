/** Logs of simulated processes: kept for whoever looks into a failure, and told from each other by process and time. */

import type { Logger } from "@millrace/service";
import type { VirtualProcess } from "./machine.ts";
import type { Trace } from "./trace.ts";

/** A logger that writes into the trace. */
export function createQuietLog(
  process: VirtualProcess,
  trace: Trace,
  onLine: (level: string, event: string, fields: object) => void,
): Logger {
  const write =
    (level: string) =>
    (fields: object, event = ""): void => {
      trace.note(process.name, `${level} ${event}`, fields);
      onLine(level, event, fields);
    };
  const log = {
    debug: () => undefined,
    trace: () => undefined,
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    fatal: write("fatal"),
    child: () => log,
  };
  return log as unknown as Logger;
}
