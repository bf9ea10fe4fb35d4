/** `millrace dags test`: a DAG in one process on the engine, without server or database. */
import { isMillraceError } from "@millrace/engine";
import { loadDags } from "@millrace/sdk/bundle";
import { runDag, type LogLine } from "@millrace/testing";
import type { Command } from "commander";
import { Console } from "node:console";
import { resolve } from "node:path";
import { colors } from "../colors.ts";
import { CommandFailure, ExitCode } from "../exit-codes.ts";
import { instanceName } from "../format.ts";
import { printJson, printTable, say } from "../output.ts";
import { globalOptions } from "../program-options.ts";
import { loadSettings } from "../settings.ts";
import { reportOf, rowsOf } from "../test-report.ts";

export type TestOptions = {
  params?: string;
  logicalDate?: Date;
  partition?: string;
  dags?: string;
};

export async function testDag(
  dagId: string,
  options: TestOptions,
  command: Command,
): Promise<void> {
  const { json } = globalOptions(command);
  const { values } = await loadSettings({ dags: options.dags });
  const folder = resolve(values.dags);
  const { dags, errors } = await loadDags(folder);
  const dag = dags.find((it) => it.dag.id === dagId)?.dag;
  if (!dag) {
    const broken = errors.map((it) => `\n  ${it.file}: ${it.message}`).join("");
    throw new CommandFailure(
      ExitCode.notFound,
      `No DAG "${dagId}" in ${folder}; it holds ${dags.map((it) => it.dag.id).join(", ") || "none"}.${broken}`,
    );
  }
  // What bodies print is talk, not the answer.
  globalThis.console = new Console(process.stderr, process.stderr);
  const done = await runDag(dag, {
    ...(options.params && {
      params: JSON.parse(options.params) as Record<string, unknown>,
    }),
    ...(options.partition !== undefined && { partitionKey: options.partition }),
    ...(options.logicalDate && {
      logicalDate: options.logicalDate,
    }),
    ...(!json && { onLog: printLog }),
  }).catch((error: unknown) => {
    throw nobodyHere(error) ?? error;
  });
  if (json) printJson(reportOf(done));
  else printTable(["TASK", "STATE", "ATTEMPTS", "RETURNED"], rowsOf(done), "The DAG has no tasks.");
  if (done.state !== "success") {
    throw new CommandFailure(
      ExitCode.failed,
      `${dagId} failed: ${done.failure?.message ?? "see its tasks"}`,
    );
  }
}

/** Who runs a DAG like this has no place to answer; null for any other error. */
function nobodyHere(error: unknown): CommandFailure | null {
  if (!isMillraceError(error) || error.reason !== "NOBODY_ANSWERS") return null;
  const { dagId, waits } = error.metadata;
  return new CommandFailure(
    ExitCode.failed,
    `${dagId} waits, and nobody can answer in this process: ${waits}. Run it on a server, with "millrace up" and ` +
      `"millrace dags trigger ${dagId}", or test it with runDag of @millrace/testing and its option events.`,
  );
}

function printLog({ taskId, mapIndex, message, fields }: LogLine): void {
  const name = instanceName({ taskId, mapIndex: mapIndex ?? -1 });
  const facts = Object.keys(fields).length > 0 ? colors.dim(` ${JSON.stringify(fields)}`) : "";
  say(`${colors.dim(name)} ${message}${facts}`);
}
