/** Where in the user's files something was called. */

/** "file:line" of whoever called `callee`, or "an unknown place". Source maps apply where Node has them enabled. */
export function placeOfCall(callee: (...args: never) => unknown): string {
  const trace: { stack?: string } = {};
  Error.captureStackTrace(trace, callee);
  const frame = trace.stack?.split("\n")[1] ?? "";
  // Bundles name the files of a DAG folder "dags://…".
  const match = /\(?((?:file:\/\/|dags:\/\/|\/|[A-Za-z]:\\)[^()]*?):(\d+):\d+\)?$/.exec(frame);
  return match === null ? "an unknown place" : `${match[1]?.replace("dags://", "")}:${match[2]}`;
}
