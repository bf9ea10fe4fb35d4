/** The lines of one attempt, on their way out of the place where its body runs. */

import { inspect } from "node:util";
import type { LogFields } from "../context/context.ts";
import {
  logAtOnceMax,
  logBytesMax,
  logChunkLinesMax,
  logFlushMs,
  logLineBytesMax,
  logLineOverheadBytes,
  logLinesMax,
} from "./limits.ts";
import type { LogEntry, LogLevel, LogStream } from "./messages.ts";
import { cut } from "./text.ts";

export class LogLines {
  /** Lines beyond the attempt's limit. */
  dropped = 0;
  readonly #onLine: () => void;
  #waiting: LogEntry[] = [];
  #lines = 0;
  #bytes = 0;
  #windowStart = 0;
  #takenInWindow = 0;
  readonly #partial = new Map<LogStream, { text: string; level: LogLevel }>();

  /** @param onLine called with every line, in the middle of whatever the body does. */
  constructor(onLine: () => void) {
    this.#onLine = onLine;
  }

  add(level: LogLevel, stream: LogStream, text: string, fields?: LogFields): void {
    if (this.#lines >= logLinesMax || this.#bytes >= logBytesMax) {
      this.dropped++;
      return;
    }
    const message = cut(text, logLineBytesMax);
    const fieldsJson = fields === undefined ? "" : fieldsText(fields);
    const at = Date.now();
    this.#lines++;
    this.#bytes +=
      Buffer.byteLength(message) + Buffer.byteLength(fieldsJson) + logLineOverheadBytes;
    this.#waiting.push({ at, level, stream, message, fieldsJson });
    this.#onLine();
  }

  /** Text as it is written to a stream: whole lines go, the rest waits for its end. */
  write(level: LogLevel, stream: LogStream, text: string): void {
    const begun = this.#partial.get(stream);
    const lines = (begun === undefined ? text : begun.text + text).split("\n");
    const rest = lines.pop() ?? "";
    for (const line of lines)
      this.add(level, stream, line.endsWith("\r") ? line.slice(0, -1) : line);
    // A line without an end must not eat memory either: what is over the limit would be cut anyway.
    if (rest === "") this.#partial.delete(stream);
    else this.#partial.set(stream, { text: rest.slice(0, logLineBytesMax + 1), level });
  }

  /** Ends lines that were begun. */
  end(): void {
    for (const [stream, { text, level }] of this.#partial) this.add(level, stream, text);
    this.#partial.clear();
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /**
   * Whether lines should go this very moment: the body may be about to block its thread, or to be killed with it, and
   * its last words matter most. Only floods are gathered.
   */
  get isUrgent(): boolean {
    const now = Date.now();
    if (now - this.#windowStart > logFlushMs) {
      this.#windowStart = now;
      this.#takenInWindow = 0;
    }
    return this.#takenInWindow < logAtOnceMax || this.#waiting.length >= logChunkLinesMax;
  }

  take(): readonly LogEntry[] {
    const taken = this.#waiting;
    this.#waiting = [];
    this.#takenInWindow++;
    return taken;
  }
}

/** What JSON cannot say is written as text; fields over the limit of a line become one, cut. */
function fieldsText(fields: LogFields): string {
  let text: string;
  try {
    text = JSON.stringify(fields, (_key, value: unknown) => plain(value)) ?? "";
  } catch (error) {
    // A circle, or a toJSON that throws: shown as people would see it.
    text = JSON.stringify({ fields: inspect(fields), unreadable: String(error) });
  }
  return Buffer.byteLength(text) <= logLineBytesMax
    ? text
    : JSON.stringify({ cut: cut(text, logLineBytesMax / 2) });
}

function plain(value: unknown): unknown {
  if (typeof value === "bigint" || typeof value === "symbol") return String(value);
  if (typeof value === "function") return `[function ${value.name}]`;
  if (value instanceof Error) return value.stack ?? String(value);
  if (value instanceof Map || value instanceof Set) return inspect(value);
  return value;
}
