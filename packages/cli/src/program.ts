/** The tree of commands. */
import { Command } from "commander";
import { addDagCommands } from "./commands/dags.ts";
import { addDbCommands } from "./commands/db.ts";
import { addDoctorCommand } from "./commands/doctor.ts";
import { addRunCommands } from "./commands/runs.ts";
import { addServerCommand } from "./commands/server.ts";
import { addTaskCommands } from "./commands/tasks.ts";
import { addUpCommand } from "./commands/up.ts";
import { addVersionCommand } from "./commands/version.ts";
import { addWorkerCommand } from "./commands/worker.ts";
import { addWorkersCommands } from "./commands/workers.ts";

export function buildProgram(): Command {
  const program = new Command("millrace")
    .description("Author, schedule, run and watch DAGs.")
    .option("--json", "print JSON on stdout")
    .option("--url <url>", "the server (default: MILLRACE_URL, else the one started here)")
    .option(
      "--key-file <file>",
      "the API key (default: MILLRACE_KEY, else that of the server here)",
    )
    .showSuggestionAfterError()
    .exitOverride();
  addUpCommand(program);
  addServerCommand(program);
  addWorkerCommand(program);
  addDagCommands(program);
  addRunCommands(program);
  addTaskCommands(program);
  addWorkersCommands(program);
  addDbCommands(program);
  addDoctorCommand(program);
  addVersionCommand(program);
  for (const command of everyCommand(program)) {
    command.exitOverride();
    if (command.commands.length === 0 && command !== program) {
      command.option("--json", "print JSON on stdout");
    }
  }
  return program;
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}
