/** `millrace tasks …` */
import { timestampDate } from "@bufbuild/protobuf/wkt";
import {
  ExplainTaskInstanceResponseSchema,
  GetTaskInstanceResponseSchema,
  ListTaskInstancesResponseSchema,
  LogLevel,
  LogLineSchema,
  LogStream,
  ReasonKind,
  ReasonKindSchema,
  TaskState,
  TaskStateSchema,
  type LogLine,
  type TaskInstance,
} from "@millrace/wire/v1";
import { toJson } from "@bufbuild/protobuf";
import { Option, type Command } from "commander";
import { colors } from "../colors.ts";
import type { Connection } from "../connection.ts";
import { deadlineLine, listAllDeadlines } from "../deadlines.ts";
import {
  enumWord,
  instanceName,
  showCounts,
  showDuration,
  showState,
  showTime,
  taskStateWord,
} from "../format.ts";
import { print, printJsonLine, printMessage, printTable, say } from "../output.ts";
import { reach } from "../program-options.ts";
import { showWaiting } from "../waiting.ts";
import { addConfirmOptions, addReachOptions, collectTaskRef } from "./change-options.ts";
import { clearTasks, markTasks, outcomeWords } from "./change-tasks.ts";
import { mapIndexOption, notMapped, wholeNumber } from "./parse-options.ts";
import { addValuesCommand } from "./values.ts";

type ListOptions = { task?: string; state?: string; limit: number };
type LogOptions = { follow?: boolean; attempt?: number; mapIndex?: number };

/** What the api takes for the newest attempt. */
const newest = 0;
const attemptsMax = 10_000;
/** The most the api gives at a time. */
const pageMax = 1_000;
const instancesMax = 100_000;
const usualInstances = 100;
const aTask = 'task ids; "load[3]" is one instance of a mapped task';

export function addTaskCommands(program: Command): void {
  const tasks = program
    .command("tasks")
    .description("list task instances, read logs and values, ask why, clear and mark");
  tasks
    .command("list")
    .description("list the tasks of a run, in topological order; a mapped task in numbers")
    .argument("<run-id>")
    .option("--task <task-id>", "the instances of this mapped task, by index")
    .addOption(
      new Option("--state <state>", "only in this state").choices(
        TaskStateSchema.values.slice(1).map((it) => it.localName.toLowerCase()),
      ),
    )
    .option("--limit <n>", "with --task: how many", wholeNumber(1, instancesMax), usualInstances)
    .action(listTasks);
  tasks
    .command("show")
    .description("show a task instance with its attempts")
    .argument("<run-id>")
    .argument("<task-id>")
    .addOption(mapIndexOption())
    .action(showTask);
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
  addValuesCommand(tasks);
  const clear = tasks
    .command("clear")
    .description(
      "let task instances run again, with all their retries; what they did stays as history",
    )
    .argument("<run-id>")
    .argument("[tasks...]", `${aTask} (default: all of the run)`, collectTaskRef, [])
    .option("--upstream", "and every task before them")
    .option("--downstream", "and every task after them")
    .option("--only-failed", "of these, only what failed, or could not run because of a failure");
  addConfirmOptions(addReachOptions(clear)).action(clearTasks);
  const mark = tasks
    .command("mark")
    .description("say what the outcome of task instances is; what failed after them runs again")
    .argument("<run-id>")
    .argument("<tasks...>", aTask, collectTaskRef)
    .addOption(
      new Option("--state <state>", "the outcome").choices(outcomeWords).makeOptionMandatory(),
    )
    .option("--upstream", "and every task before them")
    .option("--downstream", "and every task after them");
  addConfirmOptions(addReachOptions(mark)).action(markTasks);
}

/** One entry for each task; a mapped one stands for all its instances. */
export async function listAllTasks(client: Connection, runId: string): Promise<TaskInstance[]> {
  return (await listPages(client, { runId, taskId: "", states: [] }, Infinity)).taskInstances;
}

type Listed = { readonly taskInstances: TaskInstance[]; readonly nextPageToken: string };

async function listPages(
  client: Connection,
  request: { readonly runId: string; readonly taskId: string; readonly states: TaskState[] },
  limit: number,
): Promise<Listed> {
  const taskInstances: TaskInstance[] = [];
  let nextPageToken = "";
  do {
    const pageSize = Math.min(limit - taskInstances.length, pageMax);
    const page = { ...request, pageSize, pageToken: nextPageToken };
    const answer = await client.tasks.listTaskInstances(page);
    taskInstances.push(...answer.taskInstances);
    nextPageToken = answer.nextPageToken;
  } while (nextPageToken && taskInstances.length < limit);
  return { taskInstances, nextPageToken };
}

export function printTasks(
  instances: readonly TaskInstance[],
  none = "The run has no tasks.",
): void {
  printTable(
    ["TASK", "STATE", "TRY", "STARTED", "TOOK", "WORKER", "WHY"],
    instances.map((it) => [
      instanceName(it),
      showState(taskStateWord(it.state)),
      it.tryNumber ? `${it.tryNumber}/${it.maxTries}` : "-",
      showTime(it.startedAt),
      showDuration(it.startedAt, it.endedAt),
      it.worker || "-",
      whyOf(it),
    ]),
    none,
  );
}

/** What a line has room for: numbers of a mapped task, what it waits for, what went wrong, what was chosen. */
function whyOf({ mapped, failure, chosenCases, rescheduleAt, waiting }: TaskInstance): string {
  if (mapped) return showCounts(mapped);
  if (waiting) return showWaiting(waiting);
  if (failure) return failure.message.split("\n")[0] ?? "";
  if (rescheduleAt) return `looks again at ${showTime(rescheduleAt)}`;
  return chosenCases.length > 0 ? `chose ${chosenCases.join(", ")}` : "";
}

async function listTasks(runId: string, options: ListOptions, command: Command): Promise<void> {
  const { client, json } = await reach(command);
  const state = options.state?.toUpperCase() as keyof typeof TaskState | undefined;
  const request = { runId, taskId: options.task ?? "", states: state ? [TaskState[state]] : [] };
  const limit = options.task === undefined ? Infinity : options.limit;
  const listed = await listPages(client, request, limit);
  if (json) {
    const { typeName } = ListTaskInstancesResponseSchema;
    return printMessage(ListTaskInstancesResponseSchema, { $typeName: typeName, ...listed });
  }
  printTasks(listed.taskInstances, "No such task instances.");
  if (listed.nextPageToken) say(`There are more; see them with --limit above ${options.limit}.`);
}

async function showTask(
  runId: string,
  taskId: string,
  { mapIndex = notMapped }: { mapIndex?: number },
  command: Command,
): Promise<void> {
  const { client, json } = await reach(command);
  const answer = await client.tasks.getTaskInstance({ runId, taskId, mapIndex });
  if (json) return printMessage(GetTaskInstanceResponseSchema, answer);
  const instance = answer.taskInstance!;
  print(`${showState(taskStateWord(instance.state))} ${colors.bold(instanceName(instance))}`);
  const facts: [string, string][] = [
    ["instances", instance.mapped ? showCounts(instance.mapped) : ""],
    ["queue", instance.queue],
    ["try", instance.tryNumber ? `${instance.tryNumber} of ${instance.maxTries}` : ""],
    ["ready", instance.readyAt ? showTime(instance.readyAt) : ""],
    ["again at", showAgain(instance)],
    ["waits", instance.waiting ? showWaiting(instance.waiting) : ""],
    ["since", instance.waiting ? showTime(instance.waiting.since) : ""],
    ["until", instance.waiting?.timeoutAt ? showTime(instance.waiting.timeoutAt) : ""],
    ["chose", instance.chosenCases.join(", ")],
    ["failure", instance.failure?.message ?? ""],
  ];
  for (const [name, text] of facts) if (text) print(`${colors.dim(name.padEnd(9))} ${text}`);
  if (instance.waiting?.for.case === "form") sayHowToAnswer(instance);
  if (answer.attempts.length === 0) return;
  print("");
  printTable(
    ["TRY", "STATE", "STARTED", "TOOK", "WORKER", "WHY"],
    answer.attempts.map((it) => [
      String(it.tryNumber),
      showState(taskStateWord(it.state)),
      showTime(it.startedAt),
      showDuration(it.startedAt, it.endedAt),
      it.worker || "-",
      it.failure?.message.split("\n")[0] ?? "",
    ]),
    "",
  );
}

type Place = Pick<TaskInstance, "runId" | "taskId" | "mapIndex">;

function sayHowToAnswer({ runId, taskId, mapIndex }: Place): void {
  const index = mapIndex < 0 ? "" : ` --map-index ${mapIndex}`;
  say(`Answer it: millrace inputs answer ${runId} ${taskId}${index}`);
}

function showAgain({ retryAt, rescheduleAt }: TaskInstance): string {
  const at = retryAt ?? rescheduleAt;
  return at ? showTime(at) : "";
}

async function printLogs(
  runId: string,
  taskId: string,
  options: LogOptions,
  command: Command,
): Promise<void> {
  const { client, json } = await reach(command);
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

/** Why what holds it is not over can be asked as well. */
function sayWhereThePastIs(evidence: Readonly<Record<string, string>>): void {
  const { run_id: runId, task_id: taskId, map_index: mapIndex } = evidence;
  if (runId === undefined || taskId === undefined) return;
  const index = mapIndex === undefined ? "" : ` --map-index ${mapIndex}`;
  print(colors.dim(`    millrace tasks explain ${runId} ${taskId}${index}`));
}

async function explainTask(
  runId: string,
  taskId: string,
  { mapIndex = notMapped }: { mapIndex?: number },
  command: Command,
): Promise<void> {
  const { client, json } = await reach(command);
  const answer = await client.tasks.explainTaskInstance({ runId, taskId, mapIndex });
  if (json) return printMessage(ExplainTaskInstanceResponseSchema, answer);
  print(`${showState(taskStateWord(answer.state))} ${colors.bold(taskId)}`);
  for (const reason of answer.reasons) {
    const kind = enumWord(ReasonKindSchema, reason.kind);
    const until = reason.until ? colors.dim(` (until ${showTime(reason.until)})`) : "";
    print(`  ${colors.bold(kind)}: ${reason.message}${until}`);
    if (reason.kind === ReasonKind.DEPENDS_ON_PAST) sayWhereThePastIs(reason.evidence);
  }
  for (const deadline of await listAllDeadlines(client, runId)) {
    if (deadline.taskId !== "" && deadline.taskId !== taskId) continue;
    const of = deadline.taskId === "" ? "deadline of the run" : "deadline";
    print(`  ${colors.bold(of)}: ${deadlineLine(deadline, Date.now())}`);
  }
  if (answer.state === TaskState.AWAITING_INPUT) sayHowToAnswer({ runId, taskId, mapIndex });
}
