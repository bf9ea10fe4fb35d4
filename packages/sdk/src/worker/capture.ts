/** Whatever a body prints goes into the log of its attempt; what nobody's body prints goes where it would have gone. */

import type { Executor } from "./executor.ts";
import type { LogLevel, LogStream } from "./messages.ts";

/** Takes over standard output and error of this thread or process. */
export function captureOutput(executor: Executor): void {
  /** Which method of the console is writing, since all end in one of two streams. */
  let level: LogLevel | null = null;

  const capture = (stream: NodeJS.WriteStream, name: LogStream, usual: LogLevel): void => {
    const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
    stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      const attempt = executor.current;
      if (attempt === undefined) return write(chunk, ...rest);
      const text = typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8");
      attempt.lines.write(level ?? usual, name, text);
      const done = rest.find((one): one is () => void => typeof one === "function");
      if (done !== undefined) queueMicrotask(done);
      return true;
    };
  };
  capture(process.stdout, "stdout", "info");
  capture(process.stderr, "stderr", "error");

  for (const [method, as] of [
    ["debug", "debug"],
    ["warn", "warn"],
    ["trace", "debug"],
  ] as const) {
    const print = console[method].bind(console);
    console[method] = (...args: unknown[]): void => {
      level = as;
      try {
        print(...args);
      } finally {
        level = null;
      }
    };
  }
}
