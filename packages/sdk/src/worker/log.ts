/** Where the worker writes about itself: fields and an event name, as pino does. Never holds keys or tokens. */
export type WorkerLog = {
  debug(fields: object, event: string): void;
  info(fields: object, event: string): void;
  warn(fields: object, event: string): void;
  error(fields: object, event: string): void;
};

/** A line on its way to the thread that writes. */
export type LogMessage = {
  readonly kind: "log";
  readonly level: keyof WorkerLog;
  readonly fields: object;
  readonly event: string;
};

/** The log of a thread that does not write itself. */
export function postedLog(post: (message: LogMessage) => void): WorkerLog {
  const at = (level: keyof WorkerLog) => (fields: object, event: string) =>
    post({ kind: "log", level, fields, event });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** The text of an error in a log line. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
