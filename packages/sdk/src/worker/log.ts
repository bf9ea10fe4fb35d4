/** Where the worker writes about itself: fields and an event name, as pino does. Never holds keys or tokens. */
export type WorkerLog = {
  debug(fields: object, event: string): void;
  info(fields: object, event: string): void;
  warn(fields: object, event: string): void;
  error(fields: object, event: string): void;
};

/** The text of an error in a log line. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
