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
import pc from "picocolors";
import { connect, type Connection } from "../connection.ts";
import { enumWord, showDuration, showState, showTime, taskStateWord } from "../format.ts";
import { printMessage, printTable, say } from "../output.ts";
import { globalOptions } from "../program-options.ts";

type LogOptions = { follow?: boolean; attempt?: string; mapIndex: string };

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
    .option("--attempt <n>", "of this attempt instead of the newest")
    .option("--map-index <n>", "of this mapped instance", "-1")
    .action(printLogs);
  tasks
    .command("explain")
    .description("say why a task instance is not running")
    .argument("<run-id>")
    .argument("<task-id>")
    .option("--map-index <n>", "of this mapped instance", "-1")
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
      it.mapIndex >= 0 ? `${it.taskId}[${it.mapIndex}]` : it.taskId,
      showState(taskStateWord(it.state)),
      it.tryNumber ? `${it.tryNumber}/${it.maxTries}` : "-",
      showTime(it.startedAt),
      showDuration(it.startedAt, it.endedAt),
      it.worker || "-",
      it.failure?.message.split("\n")[0] ?? "",
    ]),
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
  const of = { runId, taskId, mapIndex: Number(options.mapIndex) };
  const tryNumber = Number(options.attempt ?? 0);
  const print = json ? printLineJson : printLine;
  if (options.follow) {
    for await (const part of client.tasks.tailLogs({ ...of, tryNumber })) part.lines.forEach(print);
    return;
  }
  let afterSeq = 0n;
  for (let hasMore = true; hasMore;) {
    const page = await client.tasks.readLogs({ ...of, tryNumber, afterSeq, limit: 5000 });
    page.lines.forEach(print);
    afterSeq = page.lines.at(-1)?.seq ?? afterSeq;
    hasMore = page.hasMore && page.lines.length > 0;
  }
}

function printLineJson(line: LogLine): void {
  process.stdout.write(`${JSON.stringify(toJson(LogLineSchema, line))}\n`);
}

const levelColor: Partial<Record<LogLevel, (text: string) => string>> = {
  [LogLevel.DEBUG]: pc.dim,
  [LogLevel.WARN]: pc.yellow,
  [LogLevel.ERROR]: pc.red,
};

function printLine(line: LogLine): void {
  const at = line.at ? timestampDate(line.at).toISOString().slice(11, 23) : "";
  const color = levelColor[line.level] ?? ((text: string) => text);
  const text = line.stream === LogStream.SYSTEM ? pc.italic(line.message) : color(line.message);
  process.stdout.write(
    `${pc.dim(at)} ${text}${line.fieldsJson ? ` ${pc.dim(line.fieldsJson)}` : ""}\n`,
  );
}

async function explainTask(
  runId: string,
  taskId: string,
  options: { mapIndex: string },
  command: Command,
): Promise<void> {
  const { json, ...connection } = globalOptions(command);
  const answer = await (
    await connect(connection)
  ).tasks.explainTaskInstance({
    runId,
    taskId,
    mapIndex: Number(options.mapIndex),
  });
  if (json) return printMessage(ExplainTaskInstanceResponseSchema, answer);
  say(`${taskId} is ${showState(taskStateWord(answer.state))}`);
  for (const reason of answer.reasons) {
    const kind = enumWord(ReasonKindSchema, reason.kind);
    const until = reason.until ? pc.dim(` (until ${showTime(reason.until)})`) : "";
    process.stdout.write(`${pc.bold(kind)}: ${reason.message}${until}\n`);
  }
}
