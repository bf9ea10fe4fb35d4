/** Asks before something is changed, where somebody is there to ask. */
import { createInterface } from "node:readline/promises";
import { CommandFailure, ExitCode } from "./exit-codes.ts";

export type Asking = {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  /** What to do where no terminal is. */
  readonly remedy?: string;
};

/** Where people are asked: stderr, since stdout is for data. */
export const terminal: Asking = { input: process.stdin, output: process.stderr };

/**
 * True when the answer is yes. Where no terminal is, nobody can be asked.
 *
 * @throws CommandFailure usage: without a terminal.
 */
export async function confirm(
  question: string,
  { input, output, remedy = "add --yes to go ahead, or --dry-run to look" }: Asking = terminal,
): Promise<boolean> {
  if (!input.isTTY || !output.isTTY) {
    throw new CommandFailure(ExitCode.usage, `There is no terminal to ask on; ${remedy}.`);
  }
  const lines = createInterface({ input, output });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}
