#!/usr/bin/env node
/** The command `millrace`: parses, runs, and ends with a code that says what happened. */
import { CommanderError } from "commander";
import { describeFailure, ExitCode } from "./exit-codes.ts";
import { buildProgram } from "./program.ts";
import { say } from "./output.ts";

try {
  await buildProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  } else {
    const failure = describeFailure(error);
    say(failure.message);
    process.exitCode = failure.code;
  }
}
