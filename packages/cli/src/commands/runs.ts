/** `millrace runs …` */
import {
  CancelDagRunResponseSchema,
  GetDagRunResponseSchema,
  ListDagRunsResponseSchema,
  RunState,
  type DagRun,
} from "@millrace/wire/v1";
import { Option, type Command } from "commander";
import { randomUUID } from "node:crypto";
import { connect } from "../connection.ts";
import { runStateWord, showDuration, showState, showTime } from "../format.ts";
import { printMessage, printTable, say } from "../output.ts";
import { globalOptions } from "../program-options.ts";
import { watchRun } from "../watch.ts";
import { listAllTasks, printTasks } from "./tasks.ts";

type ListOptions = { dag?: string; state?: string; limit: string };

export function addRunCommands(program: Command): void {
  const runs = program.command("runs").description("list, show, watch and cancel DAG runs");
  runs
    .command("list")
    .description("list runs, newest first")
    .option("--dag <dag-id>", "only of this DAG")
    .addOption(
      new Option("--state <state>", "only in this state").choices([
        "queued",
        "running",
        "success",
        "failed",
      ]),
    )
    .option("--limit <n>", "how many", "25")
    .action(listRuns);
  runs
    .command("show")
    .description("show a run and its task instances")
    .argument("<run-id>")
    .action(showRun);
  runs
    .command("watch")
    .description("follow a run until it is final; exit 0 only if it succeeds")
    .argument("<run-id>")
    .action(async (runId: string, _options: unknown, command: Command) => {
      const { json, ...connection } = globalOptions(command);
      await watchRun(await connect(connection), runId, { json });
    });
  runs
    .command("cancel")
    .description("stop a run: no new attempts, running ones are told to stop")
    .argument("<run-id>")
    .action(cancelRun);
}

async function listRuns(options: ListOptions, command: Command): Promise<void> {
  const { json, ...connection } = globalOptions(command);
  const state = options.state?.toUpperCase() as keyof typeof RunState | undefined;
  const page = await (
    await connect(connection)
  ).runs.listDagRuns({
    pageSize: Number(options.limit),
    dagId: options.dag ?? "",
    states: state ? [RunState[state]] : [],
  });
  if (json) return printMessage(ListDagRunsResponseSchema, page);
  printTable(
    ["RUN", "DAG", "STATE", "LOGICAL DATE", "STARTED", "TOOK"],
    page.runs.map((run) => [
      run.runId,
      run.dagId,
      showState(runStateWord(run.state)),
      showTime(run.logicalDate),
      showTime(run.startedAt),
      showDuration(run.startedAt, run.endedAt),
    ]),
  );
  if (page.nextPageToken) say(`More runs exist; raise --limit above ${options.limit}.`);
}

async function showRun(runId: string, _options: unknown, command: Command): Promise<void> {
  const { json, ...connection } = globalOptions(command);
  const client = await connect(connection);
  const answer = await client.runs.getDagRun({ runId });
  if (json) return printMessage(GetDagRunResponseSchema, answer);
  const run = answer.run!;
  say(`${run.dagId} ${run.runName} ${showState(runStateWord(run.state))}${failureOf(run)}`);
  say(
    `version ${run.dagVersion}, triggered by ${run.triggeredBy}, queued ${showTime(run.queuedAt)}, took ${showDuration(run.startedAt, run.endedAt)}`,
  );
  printTasks(await listAllTasks(client, runId));
}

function failureOf(run: DagRun): string {
  return run.failure ? `: ${run.failure.message}` : "";
}

async function cancelRun(runId: string, _options: unknown, command: Command): Promise<void> {
  const { json, ...connection } = globalOptions(command);
  const answer = await (
    await connect(connection)
  ).runs.cancelDagRun({ requestId: randomUUID(), runId });
  if (json) return printMessage(CancelDagRunResponseSchema, answer);
  say(`${runId} is ${runStateWord(answer.run!.state)}${failureOf(answer.run!)}`);
}
