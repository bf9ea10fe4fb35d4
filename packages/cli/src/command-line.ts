/** Parses the command line, runs the command, and sets the exit code that says what happened. */
import { CommanderError } from "commander";
import { colors } from "./colors.ts";
import { describeFailure, ExitCode } from "./exit-codes.ts";
import { buildProgram } from "./program.ts";
import { say } from "./output.ts";

// Whoever reads has seen enough: "millrace tasks logs … | head".
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(ExitCode.ok);
});

try {
  await buildProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  } else {
    const failure = describeFailure(error);
    say(`${colors.red("✘")} ${failure.message}`);
    process.exitCode = failure.code;
  }
}
