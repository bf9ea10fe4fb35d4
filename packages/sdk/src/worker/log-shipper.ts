/** Brings lines of attempts to the server: in order, each once, until it has them. */

import { randomUUID } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { isMillraceError } from "@millrace/engine";
import { LogLevel, LogStream, type LogLineSchema } from "@millrace/wire/v1";
import { WorkerService } from "@millrace/wire/worker";
import { backoffMs, pause } from "./backoff.ts";
import {
  logBufferedBytesMax,
  logBytesMax,
  logChunkBytesMax,
  logChunkLinesMax,
  logFlushMs,
  logKeptMs,
  logLineOverheadBytes,
  logLinesMax,
} from "./limits.ts";
import { errorText } from "./log.ts";
import type { LogEntry } from "./messages.ts";
import { isSessionExpired, ref, type SessionAccess } from "./session-keeper.ts";

type Line = { readonly entry: LogEntry; readonly bytes: number };

type AttemptLog = {
  readonly attemptId: string;
  waiting: Line[];
  /** How many lines the server has: the number of the last of them. */
  stored: number;
  dropped: number;
  isClosed: boolean;
  hasToldDropped: boolean;
  isSending: boolean;
  /** Lines are gathered for a moment before they are sent. */
  timer: NodeJS.Timeout | undefined;
  /** Resolves what `close` returned. */
  onDone: (() => void) | null;
};

export class LogShipper {
  readonly #options: SessionAccess;
  readonly #logs = new Map<string, AttemptLog>();
  readonly #stopping = new AbortController();
  #bufferedBytes = 0;

  constructor(options: SessionAccess) {
    this.#options = options;
  }

  /** Whether lines of the attempt are on their way. */
  has(attemptId: string): boolean {
    return this.#logs.has(attemptId);
  }

  add(attemptId: string, entries: readonly LogEntry[]): void {
    let log = this.#logs.get(attemptId);
    if (log === undefined) {
      log = {
        attemptId,
        waiting: [],
        stored: 0,
        dropped: 0,
        isClosed: false,
        hasToldDropped: false,
        isSending: false,
        timer: undefined,
        onDone: null,
      };
      this.#logs.set(attemptId, log);
    }
    for (const entry of entries) {
      const bytes =
        Buffer.byteLength(entry.message) + entry.fieldsJson.length + logLineOverheadBytes;
      if (this.#bufferedBytes + bytes > logBufferedBytesMax) log.dropped++;
      else this.#push(log, entry, bytes);
    }
    if (log.waiting.length >= logChunkLinesMax) this.#ship(log);
    else log.timer ??= setTimeout(() => this.#ship(log), logFlushMs);
  }

  /**
   * No more lines will come, but one about those left out. Resolves once the server has all of them, or refuses them.
   */
  close(attemptId: string, droppedLines: number): Promise<void> {
    const log = this.#logs.get(attemptId);
    if (log === undefined) return Promise.resolve();
    log.dropped += droppedLines;
    log.isClosed = true;
    return new Promise((resolve) => {
      log.onDone = resolve;
      this.#ship(log);
    });
  }

  stop(): void {
    this.#stopping.abort();
  }

  #push(log: AttemptLog, entry: LogEntry, bytes: number): void {
    log.waiting.push({ entry, bytes });
    this.#bufferedBytes += bytes;
  }

  #ship(log: AttemptLog): void {
    clearTimeout(log.timer);
    log.timer = undefined;
    if (log.isSending) return;
    if (log.isClosed && log.waiting.length === 0 && log.dropped > 0 && !log.hasToldDropped) {
      log.hasToldDropped = true;
      this.#push(log, leftOut(log.dropped), logLineOverheadBytes);
    }
    if (log.waiting.length > 0) void this.#shipChunk(log);
    else if (log.isClosed) this.#end(log);
  }

  async #shipChunk(log: AttemptLog): Promise<void> {
    log.isSending = true;
    await this.#sendUntilTaken(log, nextChunk(log.waiting));
    log.isSending = false;
    if (log.isClosed || log.waiting.length >= logChunkLinesMax) this.#ship(log);
    else if (log.waiting.length > 0) log.timer ??= setTimeout(() => this.#ship(log), logFlushMs);
  }

  #end(log: AttemptLog): void {
    this.#logs.delete(log.attemptId);
    log.onDone?.();
  }

  /** Returns when the server has the lines, refuses them, or has not answered for too long. */
  async #sendUntilTaken(log: AttemptLog, chunk: readonly Line[]): Promise<void> {
    const { signal } = this.#stopping;
    const since = performance.now();
    const requestId = randomUUID();
    for (let failures = 1; !signal.aborted && performance.now() - since < logKeptMs; failures++) {
      const answer = await this.#send(log, chunk, requestId);
      if (answer === "stored") {
        log.stored += chunk.length;
        this.#forget(log, chunk.length);
        return;
      }
      if (answer === "refused") break;
      await pause(backoffMs(failures) / logRetryHaste, signal);
    }
    // Lines that follow missing ones would be refused too.
    log.dropped += log.waiting.length;
    this.#forget(log, log.waiting.length);
  }

  async #send(
    log: AttemptLog,
    chunk: readonly Line[],
    requestId: string,
  ): Promise<"stored" | "refused" | "unknown"> {
    const session = this.#options.session();
    if (session === null) return "unknown";
    try {
      await this.#options.connection.call(WorkerService.method.appendLog, {
        requestId,
        session: ref(session),
        attemptId: log.attemptId,
        lines: chunk.map(({ entry }, index) => lineToProto(entry, log.stored + index + 1)),
      });
      return "stored";
    } catch (error) {
      if (isSessionExpired(error)) this.#options.onExpired(session.sessionId);
      const fields = { attempt_id: log.attemptId, err: errorText(error) };
      if (!this.#isFinal(error)) {
        this.#options.log.debug(fields, "log.not_sent");
        return "unknown";
      }
      this.#options.log.warn(fields, "log.refused");
      return "refused";
    }
  }

  #isFinal(error: unknown): boolean {
    return isMillraceError(error) && finalReasons.has(error.reason);
  }

  #forget(log: AttemptLog, count: number): void {
    for (const line of log.waiting.splice(0, count)) this.#bufferedBytes -= line.bytes;
  }
}

/** Lines come soon or are of little use: they are tried again sooner than a session. */
const logRetryHaste = 4;

const finalReasons: ReadonlySet<string> = new Set([
  "LOG_LIMIT_REACHED",
  "ATTEMPT_UNKNOWN",
  "FIELD_INVALID",
  "PERMISSION_DENIED",
]);

function nextChunk(lines: readonly Line[]): Line[] {
  let bytes = 0;
  let count = 0;
  for (const line of lines) {
    bytes += line.bytes;
    if (count === logChunkLinesMax || (count > 0 && bytes > logChunkBytesMax)) break;
    count++;
  }
  return lines.slice(0, count);
}

function leftOut(count: number): LogEntry {
  const message =
    `${count.toLocaleString("en")} lines left out: an attempt's log holds ` +
    `${logLinesMax.toLocaleString("en")} lines or ${Math.ceil(logBytesMax / 1024 / 1024)} MiB.`;
  return { at: Date.now(), level: "warn", stream: "system", message, fieldsJson: "" };
}

const levels = {
  debug: LogLevel.DEBUG,
  info: LogLevel.INFO,
  warn: LogLevel.WARN,
  error: LogLevel.ERROR,
} as const;
const streams = {
  log: LogStream.LOG,
  stdout: LogStream.STDOUT,
  stderr: LogStream.STDERR,
  system: LogStream.SYSTEM,
} as const;

function lineToProto(entry: LogEntry, seq: number): MessageInitShape<typeof LogLineSchema> {
  return {
    seq: BigInt(seq),
    at: timestampFromMs(entry.at),
    level: levels[entry.level],
    message: entry.message,
    fieldsJson: entry.fieldsJson,
    stream: streams[entry.stream],
  };
}
