/** `millrace doctor`: looks at everything a person would be asked about, and says what to do. */
import type { Command } from "commander";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { colors } from "../colors.ts";
import { connect, type Connection } from "../connection.ts";
import { CommandFailure, describeFailure, ExitCode } from "../exit-codes.ts";
import { printJson, printTable } from "../output.ts";
import { globalOptions } from "../program-options.ts";
import { loadSettings, type Settings } from "../settings.ts";

type Finding = { readonly part: string; readonly isOk: boolean; readonly message: string };

const oldestNode = 22;

export function addDoctorCommand(program: Command): void {
  program
    .command("doctor")
    .description(
      "check Node, settings, DAG folder, database and server; exit 1 if something is wrong",
    )
    .action(examine);
}

async function examine(_options: unknown, command: Command): Promise<void> {
  const { json, ...connection } = globalOptions(command);
  const { values } = await loadSettings();
  const client = await connect(connection);
  const findings = [
    checkNode(),
    checkDags(values),
    ...(await checkDatabase(values)),
    ...(await checkServer(client)),
  ];
  if (json) printJson({ isOk: findings.every((it) => it.isOk), findings });
  else {
    printTable(
      ["STATE", "PART", "FINDING"],
      findings.map((it) => [
        it.isOk ? colors.green("✔ ok") : colors.red("✘ wrong"),
        it.part,
        it.message,
      ]),
      "Nothing was examined.",
    );
  }
  const wrong = findings.filter((it) => !it.isOk).map((it) => it.part);
  if (wrong.length > 0) {
    throw new CommandFailure(ExitCode.failed, `Something is wrong with: ${wrong.join(", ")}.`);
  }
}

function checkNode(): Finding {
  const major = Number(process.versions.node.split(".")[0]);
  return {
    part: "node",
    isOk: major >= oldestNode,
    message: `${process.version}${major >= oldestNode ? "" : `: Millrace needs Node ${oldestNode} or newer`}`,
  };
}

function checkDags({ dags }: Settings): Finding {
  const folder = resolve(dags);
  const isOk = existsSync(folder);
  return {
    part: "dags",
    isOk,
    message: isOk ? folder : `${folder} does not exist: create it, or name another with --dags`,
  };
}

async function checkDatabase({ databaseUrl }: Settings): Promise<Finding[]> {
  if (!databaseUrl) return [];
  try {
    const { migrationStatus } = await import("@millrace/db");
    const { pending } = await migrationStatus(databaseUrl);
    const message = pending.length
      ? `pending: ${pending.join(", ")}; run "millrace db migrate"`
      : "up to date";
    return [{ part: "database", isOk: pending.length === 0, message }];
  } catch (error) {
    return [{ part: "database", isOk: false, message: describeFailure(error).message }];
  }
}

async function checkServer(client: Connection): Promise<Finding[]> {
  try {
    const { parts } = await client.system.getHealth({});
    const { errors } = await client.dags.listImportErrors({ pageSize: 500 });
    return [
      ...parts.map((it) => ({
        part: `server ${it.name}`,
        isOk: it.isHealthy,
        message: it.message,
      })),
      {
        part: "import errors",
        isOk: errors.length === 0,
        message:
          errors.map((it) => `${it.file}: ${it.message.split("\n")[0]}`).join("; ") || "none",
      },
    ];
  } catch (error) {
    return [{ part: "server", isOk: false, message: describeFailure(error).message }];
  }
}
