/** Shell commands as tasks. */

import { SkipTask, context, task } from "@millrace/sdk";
import type { Arg, Handle, TaskOptions } from "@millrace/sdk";
import { commandEnvironment } from "./environment.ts";
import { runCommand, type Exit } from "./run-command.ts";
import { renderCommand } from "./template.ts";

export type ShellOptions = Omit<TaskOptions, "id" | "env"> & {
  readonly id: string;
  /** Run by `sh -c`. A Liquid template: `{{ ds }}`, `{{ params.region }}`, `{{ params.name | sh }}`. */
  readonly command: string;
  /** Added to the environment. Values may be handles: this is the way to hand data to a command. */
  readonly env?: Readonly<Record<string, Arg<string>>>;
  /** Where the command runs. Default: where the worker does. */
  readonly cwd?: string;
};

type Input = {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | null;
};

/** Airflow's: a command that ends with it chose not to run. */
const skipExitCode = 99;

/** How many of the last lines the message of a failure repeats. */
const lastLinesMax = 10;

/**
 * Makes a node that runs a shell command; its value is the last line the command printed, "" when it printed none.
 *
 * Exit code 0 is success, 99 skips the task, any other code or a signal is a failure that retries. Lines of both
 * outputs go to the task's log as they come. A cancelled or timed-out command gets SIGTERM, then SIGKILL, with all
 * processes it started.
 *
 * @example shell({ id: "notify", command: "echo {{ ds }} {{ params.region | sh }}", retries: 2 })
 */
export function shell(options: ShellOptions): Handle<string> {
  const { command, env = {}, cwd, ...taskOptions } = options;
  return task(taskOptions, runShell)({ command, env, cwd: cwd ?? null });
}

async function runShell(input: Input): Promise<string> {
  const { log, signal } = context();
  const last: string[] = [];
  let lastOut = "";
  const exit = await runCommand({
    command: renderCommand(input.command, context()),
    cwd: input.cwd ?? undefined,
    env: commandEnvironment(input.env),
    signal,
    onLine(line, stream) {
      if (stream === "stdout") lastOut = line;
      last.push(line);
      if (last.length > lastLinesMax) last.shift();
      log.info(line, stream === "stderr" ? { stream } : undefined);
    },
  });
  if (exit.code === 0) return lastOut;
  if (exit.code === skipExitCode) throw new SkipTask(`the command ended with code ${skipExitCode}`);
  throw new CommandFailed(exit, last);
}

class CommandFailed extends Error {
  override readonly name = "CommandFailed";

  constructor({ code, signal }: Exit, last: readonly string[]) {
    const how = code === null ? `was ended by ${signal ?? "a signal"}` : `ended with code ${code}`;
    const lines = last.length === 0 ? "it printed nothing" : `its last lines:\n${last.join("\n")}`;
    super(`the command ${how}; ${lines}`);
  }
}
