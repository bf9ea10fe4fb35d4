/** The tree of commands. */
import { Command } from "commander";
import { colors } from "./colors.ts";
import { addAssetCommands } from "./commands/assets.ts";
import { addBackfillCommands } from "./commands/backfills.ts";
import { addCallbackCommands } from "./commands/callbacks.ts";
import { addDagCommands } from "./commands/dags.ts";
import { addDbCommands } from "./commands/db.ts";
import { addDoctorCommand } from "./commands/doctor.ts";
import { addInputCommands } from "./commands/inputs.ts";
import { addPoolCommands } from "./commands/pools.ts";
import { addRunCommands } from "./commands/runs.ts";
import { addServerCommand } from "./commands/server.ts";
import { addTaskCommands } from "./commands/tasks.ts";
import { addTokenCommands } from "./commands/tokens.ts";
import { addUpCommand } from "./commands/up.ts";
import { addVersionCommand } from "./commands/version.ts";
import { addWorkerCommand } from "./commands/worker.ts";
import { addWorkersCommands } from "./commands/workers.ts";
import { write } from "./output.ts";
import { cliVersion } from "./package.ts";

const examples = `
Examples:
  millrace up                               start everything here, with the DAGs in ./dags
  millrace dags test hello                  run a DAG in this process, without a server
  millrace dags trigger hello --watch       make a run and follow it
  millrace tasks explain run_7 load         ask why a task is not running
  millrace inputs answer run_7 approve      answer what a task asks
  millrace runs retry run_7                 let run again what failed
  millrace runs list --state failed --json  for scripts

Exit codes: 0 done, 1 it failed, 2 wrong use, 3 not found, 4 not allowed, 5 conflict, 6 not reachable.`;

export function buildProgram(): Command {
  const program = new Command("millrace")
    .description("Author, schedule, run and watch DAGs.")
    .version(cliVersion(), "-V, --version", "print the version of this command")
    .option("--json", "print JSON on stdout, and nothing else there")
    .option("--url <url>", "the server (default: MILLRACE_URL, else the one started here)")
    .option(
      "--key-file <file>",
      "the API key (default: MILLRACE_KEY, else that of the server here)",
    )
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => write(process.stdout, text),
      writeErr: (text) => write(process.stderr, text),
      outputError: (text, writeErr) =>
        writeErr(`${colors.red("✘")} ${text.replace(/^error: /, "")}`),
    })
    .showSuggestionAfterError()
    .showHelpAfterError("Add --help to see what it takes.")
    .exitOverride()
    .addHelpText("after", examples);
  addUpCommand(program);
  addServerCommand(program);
  addWorkerCommand(program);
  addDagCommands(program);
  addRunCommands(program);
  addBackfillCommands(program);
  addTaskCommands(program);
  addInputCommands(program);
  addTokenCommands(program);
  addPoolCommands(program);
  addCallbackCommands(program);
  addAssetCommands(program);
  addWorkersCommands(program);
  addDbCommands(program);
  addDoctorCommand(program);
  addVersionCommand(program);
  return program;
}
