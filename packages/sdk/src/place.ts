/** Where in the user's files something was called. */

/** "file:line" of whoever called `callee`, or "an unknown place". Source maps apply where Node has them enabled. */
export function placeOfCall(callee: (...args: never) => unknown): string {
  const trace: { stack?: string } = {};
  Error.captureStackTrace(trace, callee);
  const frame = trace.stack?.split("\n")[1] ?? "";
  const match = /\(?((?:file:\/\/|\/|[A-Za-z]:\\)[^()]*?):(\d+):\d+\)?$/.exec(frame);
  return match === null ? "an unknown place" : `${match[1]}:${match[2]}`;
}
