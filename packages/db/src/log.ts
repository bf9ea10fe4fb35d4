/** What this package says while it works: an event name and its fields. A pino logger fits. */
export type DbLog = {
  info(fields: Readonly<Record<string, unknown>>, event: string): void;
  warn(fields: Readonly<Record<string, unknown>>, event: string): void;
};

export const silentLog: DbLog = { info: () => {}, warn: () => {} };
