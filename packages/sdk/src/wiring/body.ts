/** What a task runs. */

/** A body, called by the worker with the resolved arguments. */
export type Body = (...args: unknown[]) => unknown;
