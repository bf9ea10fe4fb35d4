/** `millrace runs …` */
import {
  CancelDagRunResponseSchema,
  DeadlineStateSchema,
  GetDagRunResponseSchema,
  ListDagRunsResponseSchema,
  ListDeadlinesResponseSchema,
  RunState,
  RunType,
  type DagRun,
} from "@millrace/wire/v1";
import { Option, type Command } from "commander";
import { randomUUID } from "node:crypto";
import { colors } from "../colors.ts";
import { connect, type Connection } from "../connection.ts";
import { deadlineLine, listAllDeadlines } from "../deadlines.ts";
import { inputLines } from "../input-lines.ts";
import {
  enumWord,
  runStateWord,
  runTypeWord,
  showDuration,
  showState,
  showTime,
} from "../format.ts";
import { print, printMessage, printTable, say } from "../output.ts";
import { globalOptions, reach } from "../program-options.ts";
import { watchRun } from "../watch.ts";
import {
  addConfirmOptions,
  addReachOptions,
  type ConfirmOptions,
  type ReachOptions,
} from "./change-options.ts";
import { printRunLinks } from "./dependencies.ts";
import { clearTasks } from "./change-tasks.ts";
import { markRun } from "./mark-run.ts";
import { wholeNumber } from "./parse-options.ts";
import { listAllTasks, printTasks } from "./tasks.ts";
import { returnedText } from "./values.ts";

type ClearOptions = ReachOptions & ConfirmOptions;
type ListOptions = { dag?: string; state?: string; limit: number };

/** The most the api gives at a time. */
const pageMax = 500;
const listMax = 100_000;
const usualLimit = 25;

export function addRunCommands(program: Command): void {
  const runs = program
    .command("runs")
    .description("list, show, watch, cancel, clear and mark DAG runs");
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
    .option("--limit <n>", "how many", wholeNumber(1, listMax), usualLimit)
    .action(listRuns);
  runs
    .command("show")
    .description("show a run and its task instances")
    .argument("<run-id>")
    .action(showRun);
  runs
    .command("deadlines")
    .description("list the deadlines of a run and its tasks that are ahead or were missed")
    .argument("<run-id>")
    .action(listDeadlines);
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
  const clear = runs
    .command("clear")
    .description("let all task instances of a run run again; what they did stays as history")
    .argument("<run-id>");
  addConfirmOptions(addReachOptions(clear)).action(
    (runId: string, options: ClearOptions, command: Command) =>
      clearTasks(runId, [], options, command),
  );
  const retry = runs
    .command("retry")
    .description("let run again what failed in a run, and what could not run because of it")
    .argument("<run-id>");
  addConfirmOptions(addReachOptions(retry)).action(
    (runId: string, options: ClearOptions, command: Command) =>
      clearTasks(runId, [], { ...options, onlyFailed: true }, command),
  );
  const mark = runs
    .command("mark")
    .description("end a run; teardowns still run first")
    .argument("<run-id>")
    .addOption(
      new Option("--state <state>", "the result")
        .choices(["success", "failed"])
        .makeOptionMandatory(),
    );
  addConfirmOptions(mark).action(markRun);
}

async function listRuns(options: ListOptions, command: Command): Promise<void> {
  const { json, ...connection } = globalOptions(command);
  const { runs, nextPageToken } = await newestRuns(await connect(connection), options);
  if (json) {
    const $typeName = ListDagRunsResponseSchema.typeName;
    return printMessage(ListDagRunsResponseSchema, { $typeName, runs, nextPageToken });
  }
  const isPartitioned = runs.some(({ partitionKey }) => partitionKey !== "");
  const partition = (cell: string) => (isPartitioned ? [cell] : []);
  printTable(
    ["RUN", "DAG", "STATE", "TYPE", "LOGICAL DATE", ...partition("PARTITION"), "STARTED", "TOOK"],
    runs.map((run) => [
      run.runId,
      run.dagId,
      showState(runStateWord(run.state)),
      runTypeWord(run.runType),
      showTime(run.logicalDate),
      ...partition(run.partitionKey || "-"),
      showTime(run.startedAt),
      showDuration(run.startedAt, run.endedAt),
    ]),
    options.dag || options.state
      ? "No such runs."
      : "No runs yet. Make one: millrace dags trigger <dag-id>",
  );
  if (nextPageToken) say(`There are older runs; see more with --limit above ${options.limit}.`);
}

/** As many as asked for, page by page. */
async function newestRuns(
  client: Connection,
  options: ListOptions,
): Promise<{ runs: DagRun[]; nextPageToken: string }> {
  const state = options.state?.toUpperCase() as keyof typeof RunState | undefined;
  const filter = { dagId: options.dag ?? "", states: state ? [RunState[state]] : [] };
  const runs: DagRun[] = [];
  let nextPageToken = "";
  do {
    const pageSize = Math.min(options.limit - runs.length, pageMax);
    const page = await client.runs.listDagRuns({ ...filter, pageSize, pageToken: nextPageToken });
    runs.push(...page.runs);
    nextPageToken = page.nextPageToken;
  } while (nextPageToken && runs.length < options.limit);
  return { runs, nextPageToken };
}

async function showRun(runId: string, _options: unknown, command: Command): Promise<void> {
  const { client, json } = await reach(command);
  const answer = await client.runs.getDagRun({ runId });
  if (json) return printMessage(GetDagRunResponseSchema, answer);
  const run = answer.run!;
  const params = new TextDecoder().decode(run.params?.data);
  print(
    `${showState(runStateWord(run.state))} ${colors.bold(run.dagId)} ${run.runId}${failureOf(run)}`,
  );
  print(`${colors.dim("name     ")} ${run.runName}`);
  print(
    `${colors.dim("version  ")} ${run.dagVersion}, ${runTypeWord(run.runType)}, by ${run.triggeredBy || "-"}`,
  );
  if (run.backfillId) print(`${colors.dim("backfill ")} ${run.backfillId}`);
  if (run.runType === RunType.ASSET_TRIGGERED)
    print(`${colors.dim("made of  ")} events: millrace assets events --made ${runId}`);
  if (run.partitionKey) print(`${colors.dim("partition")} ${run.partitionKey}`);
  if (params && params !== "{}") print(`${colors.dim("params   ")} ${params}`);
  if (run.note) print(`${colors.dim("note     ")} ${run.note}`);
  print(`${colors.dim("queued   ")} ${showTime(run.queuedAt)}`);
  print(`${colors.dim("took     ")} ${showDuration(run.startedAt, run.endedAt)}`);
  await printInputs(client, runId);
  await printDeadlines(client, runId);
  if (run.state === RunState.SUCCESS) await printResult(client, run);
  await printRunLinks(client, runId);
  print("");
  printTasks(await listAllTasks(client, runId));
}

async function printInputs(client: Connection, runId: string): Promise<void> {
  for (const line of inputLines(await client.runs.getDagRunInputs({ runId })))
    print(`${colors.dim("inputs   ")} ${line}`);
}

async function printDeadlines(client: Connection, runId: string): Promise<void> {
  for (const deadline of await listAllDeadlines(client, runId)) {
    const of = deadline.taskId === "" ? "" : `${colors.bold(deadline.taskId)} `;
    print(`${colors.dim("deadline ")} ${of}${deadlineLine(deadline, Date.now())}`);
  }
}

async function listDeadlines(runId: string, _options: unknown, command: Command): Promise<void> {
  const { json, ...connection } = globalOptions(command);
  const deadlines = await listAllDeadlines(await connect(connection), runId);
  if (json) {
    const $typeName = ListDeadlinesResponseSchema.typeName;
    return printMessage(ListDeadlinesResponseSchema, { $typeName, deadlines, nextPageToken: "" });
  }
  printTable(
    ["OF", "DEADLINE", "STATE", "DUE", "ESTIMATED END", "BECAUSE OF", "MISSED"],
    deadlines.map((it) => [
      it.taskId === "" ? "the run" : it.taskId,
      it.name,
      enumWord(DeadlineStateSchema, it.state),
      showTime(it.dueAt),
      showTime(it.estimatedEndAt),
      it.criticalTaskIds.join(", "),
      showTime(it.missedAt),
    ]),
    "No deadlines: the run has none, or has kept them.",
  );
}

/** The value of the task that the DAG names as its result. */
async function printResult(
  client: Connection,
  { runId, dagId, dagVersion }: DagRun,
): Promise<void> {
  const { spec } = await client.dags.getDagSpec({ dagId, version: dagVersion });
  const taskId = spec?.resultTaskId ?? "";
  if (taskId === "") return;
  const text = await returnedText(client, { runId, taskId });
  print(`${colors.dim("result   ")} ${text ?? "-"} ${colors.dim(`of ${taskId}`)}`);
}

function failureOf(run: DagRun): string {
  return run.failure ? `: ${run.failure.message}` : "";
}

async function cancelRun(runId: string, _options: unknown, command: Command): Promise<void> {
  const { client, json } = await reach(command);
  const answer = await client.runs.cancelDagRun({ requestId: randomUUID(), runId });
  if (json) return printMessage(CancelDagRunResponseSchema, answer);
  const run = answer.run!;
  if (run.endedAt) return say(`${runId} is ${showState(runStateWord(run.state))}${failureOf(run)}`);
  say(
    `${runId} is being cancelled: nothing of it starts any more, running tasks are told to stop.`,
  );
}
