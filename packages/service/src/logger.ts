/** Structured logs: one event name a fact (`run.started`), ids as fields, no sentences. */

import { pino, type DestinationStream, type Logger as PinoLogger } from "pino";
import { prettyLine } from "./pretty-line.ts";

export type Logger = PinoLogger;
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

export type LoggerOptions = {
  /** The part of the system, in every line as `component`. */
  readonly name: string;
  /** Default `info`. */
  readonly level?: LogLevel | undefined;
  /** Lines for people instead of JSON. Default: whether standard error is a terminal. */
  readonly pretty?: boolean | undefined;
  /** Where lines go. Default standard error, so that standard output stays for answers. */
  readonly write?: ((line: string) => void) | undefined;
};

/** Fields that never reach a log, wherever they are in the first two levels. */
const secretFields = [
  "token",
  "key",
  "authorization",
  "cookie",
  "password",
  "secret",
  "session_token",
  "sessionToken",
];

export function createLogger(options: LoggerOptions): Logger {
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const isPretty = options.pretty ?? process.stderr.isTTY;
  const destination: DestinationStream = {
    write: (line) =>
      write(
        isPretty ? prettyLine(line, { hasColor: process.stderr.hasColors?.() ?? false }) : line,
      ),
  };
  return pino(
    {
      level: options.level ?? "info",
      base: { component: options.name },
      messageKey: "event",
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`]), censor: "[hidden]" },
    },
    destination,
  );
}
