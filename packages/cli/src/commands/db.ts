/** `millrace db …` */
import type { Command } from "commander";
import { colors } from "../colors.ts";
import { CommandFailure, ExitCode } from "../exit-codes.ts";
import { printJson, printTable, say } from "../output.ts";
import { globalOptions } from "../program-options.ts";
import { loadSettings } from "../settings.ts";

export function addDbCommands(program: Command): void {
  const db = program.command("db").description("look after the database named by DATABASE_URL");
  db.command("migrate")
    .description("apply the migrations that are missing")
    .action(migrateDatabase);
  db.command("status")
    .description("list the migrations and whether they are applied")
    .action(showStatus);
}

async function databaseUrl(): Promise<string> {
  const { values } = await loadSettings();
  if (values.databaseUrl) return values.databaseUrl;
  throw new CommandFailure(
    ExitCode.usage,
    'Set DATABASE_URL, like postgres://user:password@host:5432/millrace; the embedded database of "millrace up" looks after itself.',
  );
}

async function migrateDatabase(_options: unknown, command: Command): Promise<void> {
  const url = await databaseUrl();
  const { migrate, migrationStatus } = await import("@millrace/db");
  const { pending: applied } = await migrationStatus(url);
  await migrate(url);
  if (globalOptions(command).json) return printJson({ applied });
  say(
    applied.length
      ? `Applied ${applied.join(", ")}.`
      : "Nothing to apply: the database is up to date.",
  );
}

async function showStatus(_options: unknown, command: Command): Promise<void> {
  const { migrationStatus } = await import("@millrace/db");
  const status = await migrationStatus(await databaseUrl());
  if (globalOptions(command).json) return printJson(status);
  printTable(
    ["MIGRATION", "STATE"],
    [
      ...status.applied.map((name) => [name, colors.green("✔ applied")]),
      ...status.pending.map((name) => [name, colors.yellow("◦ pending")]),
    ],
    "There are no migrations.",
  );
}
