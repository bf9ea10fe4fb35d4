/** Exits and errors that nobody awaits are the attempt's that caused them, not the end of its neighbours. */

import type { Executor } from "./executor.ts";
import type { FromRunner } from "./messages.ts";
import { failureOf, plainFailure } from "./outcome.ts";

/** Thrown out of `process.exit`, so that the body stops where it is. */
class BodyExited extends Error {
  override readonly name = "BodyExited";
}

/** Takes over `process.exit` and the last resort for errors, of this thread or process. */
export function guardExits(executor: Executor, post: (message: FromRunner) => void): void {
  const exit = process.exit.bind(process);
  process.exit = (code) => {
    const attempt = executor.current;
    if (attempt === undefined) return exit(code);
    const message = `The body called process.exit(${code ?? ""}). A task ends by returning or throwing.`;
    executor.break(attempt, plainFailure("exited", message));
    throw new BodyExited(message);
  };
  const onUncaught = (error: unknown): void => {
    if (error instanceof BodyExited) return;
    const attempt = executor.current;
    if (attempt !== undefined) executor.break(attempt, failureOf(error, "application"));
    else
      post({
        kind: "suspect",
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
  };
  process.on("uncaughtException", onUncaught);
  process.on("unhandledRejection", onUncaught);
}
