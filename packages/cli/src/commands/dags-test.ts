/** `millrace dags test`: a DAG in one process on the engine, without server or database. */
import { loadDags } from "@millrace/sdk/bundle";
import { runDag, type LogLine, type RunResult } from "@millrace/testing";
import type { Command } from "commander";
import { Console } from "node:console";
import { resolve } from "node:path";
import { inspect } from "node:util";
import { colors } from "../colors.ts";
import { CommandFailure, ExitCode } from "../exit-codes.ts";
import { showState } from "../format.ts";
import { printJson, printTable, say } from "../output.ts";
import { globalOptions } from "../program-options.ts";
import { loadSettings } from "../settings.ts";

export type TestOptions = { params?: string; logicalDate?: Date; dags?: string };

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
    ...(options.logicalDate && {
      logicalDate: options.logicalDate,
    }),
    ...(!json && { onLog: printLog }),
  });
  if (json) printJson(asJson(done));
  else printResult(done);
  if (done.state !== "success") {
    throw new CommandFailure(
      ExitCode.failed,
      `${dagId} failed: ${done.failure?.message ?? "see its tasks"}`,
    );
  }
}

function printLog(line: LogLine): void {
  const fields =
    Object.keys(line.fields).length > 0 ? colors.dim(` ${JSON.stringify(line.fields)}`) : "";
  say(`${colors.dim(line.taskId)} ${line.message}${fields}`);
}

function printResult(done: RunResult): void {
  printTable(
    ["TASK", "STATE", "ATTEMPTS", "RETURNED"],
    done.tasks.map((task) => [
      task.id,
      showState(task.state),
      String(task.attempts),
      task.failure?.message.split("\n")[0] ?? short(done.xcom(task.id)),
    ]),
    "The DAG has no tasks.",
  );
}

function short(value: unknown): string {
  const text = value === undefined ? "" : inspect(value, { breakLength: Infinity, depth: 3 });
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}

function asJson(done: RunResult): object {
  return {
    dagId: done.dagId,
    runName: done.name,
    state: done.state,
    failure: done.failure,
    params: done.params,
    order: done.order,
    tasks: done.tasks.map((task) => ({
      id: task.id,
      state: task.state,
      attempts: task.attempts,
      failure: task.failure,
      returned: done.xcom(task.id) ?? null,
    })),
  };
}
