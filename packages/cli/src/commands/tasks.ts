/** `millrace tasks …` */
import { timestampDate } from "@bufbuild/protobuf/wkt";
import {
  ExplainTaskInstanceResponseSchema,
  ListTaskInstancesResponseSchema,
  LogLevel,
  LogLineSchema,
  LogStream,
  ReasonKindSchema,
  type LogLine,
  type TaskInstance,
} from "@millrace/wire/v1";
import { toJson } from "@bufbuild/protobuf";
import type { Command } from "commander";
import { colors } from "../colors.ts";
import { connect, type Connection } from "../connection.ts";
import {
  enumWord,
  instanceName,
  showDuration,
  showState,
  showTime,
  taskStateWord,
} from "../format.ts";
import { print, printJsonLine, printMessage, printTable, say } from "../output.ts";
import { globalOptions } from "../program-options.ts";
import { mapIndexOption, notMapped, wholeNumber } from "./parse-options.ts";

type LogOptions = { follow?: boolean; attempt?: number; mapIndex?: number };

/** What the api takes for the newest attempt. */
const newest = 0;
const attemptsMax = 10_000;

export function addTaskCommands(program: Command): void {
  const tasks = program.command("tasks").description("list task instances, read logs, ask why");
  tasks
    .command("list")
    .description("list the task instances of a run, in topological order")
    .argument("<run-id>")
    .action(listTasks);
  tasks
    .command("logs")
    .description("print the log of a task instance's newest attempt")
    .argument("<run-id>")
    .argument("<task-id>")
    .option("-f, --follow", "go on until the attempt has ended")
    .option("--attempt <n>", "of this attempt instead of the newest", wholeNumber(1, attemptsMax))
    .addOption(mapIndexOption())
    .action(printLogs);
  tasks
    .command("explain")
    .description("say why a task instance is not running")
    .argument("<run-id>")
    .argument("<task-id>")
    .addOption(mapIndexOption())
    .action(explainTask);
}

export async function listAllTasks(client: Connection, runId: string): Promise<TaskInstance[]> {
  const found: TaskInstance[] = [];
  let pageToken = "";
  do {
    const page = await client.tasks.listTaskInstances({ runId, pageSize: 1000, pageToken });
    found.push(...page.taskInstances);
    pageToken = page.nextPageToken;
  } while (pageToken);
  return found;
}

export function printTasks(instances: readonly TaskInstance[]): void {
  printTable(
    ["TASK", "STATE", "TRY", "STARTED", "TOOK", "WORKER", "WHY"],
    instances.map((it) => [
      instanceName(it),
      showState(taskStateWord(it.state)),
      it.tryNumber ? `${it.tryNumber}/${it.maxTries}` : "-",
      showTime(it.startedAt),
      showDuration(it.startedAt, it.endedAt),
      it.worker || "-",
      it.failure?.message.split("\n")[0] ?? "",
    ]),
    "The run has no tasks.",
  );
}

async function listTasks(runId: string, _options: unknown, command: Command): Promise<void> {
  const { json, ...connection } = globalOptions(command);
  const instances = await listAllTasks(await connect(connection), runId);
  if (!json) return printTasks(instances);
  printMessage(ListTaskInstancesResponseSchema, {
    $typeName: ListTaskInstancesResponseSchema.typeName,
    taskInstances: instances,
    nextPageToken: "",
  });
}

async function printLogs(
  runId: string,
  taskId: string,
  options: LogOptions,
  command: Command,
): Promise<void> {
  const { json, ...connection } = globalOptions(command);
  const client = await connect(connection);
  const { mapIndex = notMapped, attempt: tryNumber = newest } = options;
  const of = { runId, taskId, mapIndex };
  const printOne = json ? printLineJson : printLine;
  if (options.follow) {
    const parts = client.tasks.tailLogs({ ...of, tryNumber }, { timeoutMs: 0 });
    for await (const { lines } of parts) lines.forEach(printOne);
    return;
  }
  let afterSeq = 0n;
  for (let hasMore = true; hasMore;) {
    const page = await client.tasks.readLogs({ ...of, tryNumber, afterSeq, limit: 5000 });
    page.lines.forEach(printOne);
    afterSeq = page.lines.at(-1)?.seq ?? afterSeq;
    hasMore = page.hasMore && page.lines.length > 0;
  }
  if (afterSeq === 0n) say(`${taskId} has written nothing.`);
}

function printLineJson(line: LogLine): void {
  printJsonLine(toJson(LogLineSchema, line));
}

const levelColor: Partial<Record<LogLevel, (text: string) => string>> = {
  [LogLevel.DEBUG]: colors.dim,
  [LogLevel.WARN]: colors.yellow,
  [LogLevel.ERROR]: colors.red,
};

function printLine(line: LogLine): void {
  const at = line.at ? timestampDate(line.at).toISOString().slice(11, 23) : "";
  const color = levelColor[line.level] ?? ((text: string) => text);
  const text = line.stream === LogStream.SYSTEM ? colors.italic(line.message) : color(line.message);
  print(`${colors.dim(at)} ${text}${line.fieldsJson ? ` ${colors.dim(line.fieldsJson)}` : ""}`);
}

async function explainTask(
  runId: string,
  taskId: string,
  { mapIndex = notMapped }: { mapIndex?: number },
  command: Command,
): Promise<void> {
  const { json, ...connection } = globalOptions(command);
  const answer = await (
    await connect(connection)
  ).tasks.explainTaskInstance({
    runId,
    taskId,
    mapIndex,
  });
  if (json) return printMessage(ExplainTaskInstanceResponseSchema, answer);
  print(`${showState(taskStateWord(answer.state))} ${colors.bold(taskId)}`);
  for (const reason of answer.reasons) {
    const kind = enumWord(ReasonKindSchema, reason.kind);
    const until = reason.until ? colors.dim(` (until ${showTime(reason.until)})`) : "";
    print(`  ${colors.bold(kind)}: ${reason.message}${until}`);
  }
}
