/** `millrace inputs …`: what people are asked, and their answers. */
import { randomUUID } from "node:crypto";
import {
  AnswerInputResponseSchema,
  InputRequestSchema,
  InputState,
  InputStateSchema,
  ListInputRequestsResponseSchema,
  type InputForm,
  type InputRequest,
} from "@millrace/wire/v1";
import { Option, type Command } from "commander";
import { colors } from "../colors.ts";
import { connect, type Connection } from "../connection.ts";
import { CommandFailure, ExitCode } from "../exit-codes.ts";
import { fieldsOf, showType, typedValues, type Field } from "../form.ts";
import { enumWord, instanceName, showSome, showTime } from "../format.ts";
import { print, printMessage, printTable, say } from "../output.ts";
import { globalOptions, reach } from "../program-options.ts";
import { askForValues } from "../prompt.ts";
import { collect, mapIndexOption, notMapped, objectJson, wholeNumber } from "./parse-options.ts";

type ListOptions = { dag?: string; run?: string; state: string; limit: number };
type OneOptions = { mapIndex?: number };
type AnswerOptions = OneOptions & { set: string[]; values?: string };

/** The most the api gives at a time. */
const pageMax = 1_000;
const listMax = 100_000;
const usualLimit = 100;

const states = InputStateSchema.values.slice(1).map((it) => it.localName.toLowerCase());
const allStates = [
  InputState.OPEN,
  InputState.ANSWERED,
  InputState.TIMED_OUT,
  InputState.WITHDRAWN,
];

export function addInputCommands(program: Command): void {
  const inputs = program.command("inputs").description("list and answer what tasks ask people");
  inputs
    .command("list")
    .description("list what people are asked, newest first")
    .option("--dag <dag-id>", "only of this DAG")
    .option("--run <run-id>", "only of this run")
    .addOption(
      new Option("--state <state>", "only in this state")
        .choices([...states, "all"])
        .default("open"),
    )
    .option("--limit <n>", "how many", wholeNumber(1, listMax), usualLimit)
    .action(listInputs);
  inputs
    .command("show")
    .description("show what a task asks, with the fields of the answer")
    .argument("<run-id>")
    .argument("<task-id>")
    .addOption(mapIndexOption())
    .action(showInput);
  inputs
    .command("answer")
    .description("answer what a task asks; without values, asks for them one after the other")
    .argument("<run-id>")
    .argument("<task-id>")
    .addOption(mapIndexOption())
    .option(
      "--set <field=value>",
      "a field, of the type that the form says (repeatable)",
      collect,
      [],
    )
    .option("--values <json>", "the answer as a JSON object; --set goes before it", objectJson)
    .action(answerInput);
}

async function listInputs(options: ListOptions, command: Command): Promise<void> {
  const { json, ...connection } = globalOptions(command);
  const { dag: dagId = "", run: runId = "", state, limit } = options;
  const name = state.toUpperCase() as keyof typeof InputState;
  const filter = { dagId, runId, states: state === "all" ? allStates : [InputState[name]] };
  const listed = await pagesOf(await connect(connection), filter, limit);
  if (json) {
    const { typeName } = ListInputRequestsResponseSchema;
    return printMessage(ListInputRequestsResponseSchema, { $typeName: typeName, ...listed });
  }
  printTable(
    ["RUN", "TASK", "STATE", "ASKED", "UNTIL", "FOR", "SUBJECT"],
    listed.inputRequests.map((it) => [
      it.runId,
      instanceName(it),
      wordOf(it.state),
      showTime(it.askedAt),
      showTime(it.timeoutAt),
      showSome(it.form?.assignees ?? []),
      it.form?.subject ?? "",
    ]),
    state === "open" ? "Nobody is asked anything." : "No such requests.",
  );
  if (listed.nextPageToken) say(`There are more; see them with --limit above ${limit}.`);
}

type Filter = { readonly dagId: string; readonly runId: string; readonly states: InputState[] };

async function pagesOf(client: Connection, filter: Filter, limit: number) {
  const inputRequests: InputRequest[] = [];
  let nextPageToken = "";
  do {
    const pageSize = Math.min(limit - inputRequests.length, pageMax);
    const page = { ...filter, pageSize, pageToken: nextPageToken };
    const answer = await client.tasks.listInputRequests(page);
    inputRequests.push(...answer.inputRequests);
    nextPageToken = answer.nextPageToken;
  } while (nextPageToken && inputRequests.length < limit);
  return { inputRequests, nextPageToken };
}

/** What a task instance asked last. */
async function newestInput(
  client: Connection,
  runId: string,
  taskId: string,
  mapIndex: number,
): Promise<InputRequest> {
  const { inputRequests } = await pagesOf(client, { dagId: "", runId, states: allStates }, listMax);
  const own = inputRequests.find((it) => it.taskId === taskId && it.mapIndex === mapIndex);
  if (own !== undefined) return own;
  const others = inputRequests.filter((it) => it.state === InputState.OPEN).map(instanceName);
  const hint = others.length > 0 ? ` In this run these do: ${showSome(others)}.` : "";
  const name = instanceName({ taskId, mapIndex });
  throw new CommandFailure(ExitCode.notFound, `${name} of ${runId} asks nothing.${hint}`);
}

async function showInput(
  runId: string,
  taskId: string,
  { mapIndex = notMapped }: OneOptions,
  command: Command,
): Promise<void> {
  const { json, ...connection } = globalOptions(command);
  const input = await newestInput(await connect(connection), runId, taskId, mapIndex);
  if (json) return printMessage(InputRequestSchema, input);
  printForm(input);
  const { answeredBy, answer } = input;
  if (answeredBy) print(`${colors.dim("answered")}  by ${answeredBy}: ${textOf(answer?.data)}`);
}

function printForm(input: InputRequest): void {
  const { form, state, askedAt, timeoutAt } = input;
  print(`${wordOf(state)} ${colors.bold(form?.subject ?? "")}`);
  if (form?.body) print(`\n${form.body}\n`);
  const facts: [string, string][] = [
    ["asked", showTime(askedAt)],
    ["until", timeoutAt ? showTime(timeoutAt) : ""],
    ["for", (form?.assignees ?? []).join(", ")],
  ];
  for (const [name, text] of facts) if (text) print(`${colors.dim(name.padEnd(9))} ${text}`);
  print("");
  printTable(
    ["FIELD", "TYPE", "", "DEFAULT", ""],
    formFields(form).map((it) => [
      it.name,
      showType(it),
      it.isRequired ? "required" : "",
      it.usual === undefined ? "-" : JSON.stringify(it.usual),
      it.description,
    ]),
    "The form names no fields; any JSON object will do.",
  );
}

async function answerInput(
  runId: string,
  taskId: string,
  options: AnswerOptions,
  command: Command,
): Promise<void> {
  const { client, json } = await reach(command);
  const { mapIndex = notMapped } = options;
  const values = await valuesOf(client, { runId, taskId, mapIndex }, options);
  const request = {
    ...{ requestId: randomUUID(), runId, taskId, mapIndex },
    values: { data: new TextEncoder().encode(JSON.stringify(values)) },
  };
  const answer = await client.tasks.answerInput(request);
  if (json) return printMessage(AnswerInputResponseSchema, answer);
  say(`${colors.green("✔")} Answered ${instanceName(request)} of ${runId}.`);
}

type Where = { readonly runId: string; readonly taskId: string; readonly mapIndex: number };

/** Given as JSON, nobody needs to see the form. */
async function valuesOf(
  client: Connection,
  { runId, taskId, mapIndex }: Where,
  { set, values }: AnswerOptions,
): Promise<Record<string, unknown>> {
  const given = values === undefined ? {} : (JSON.parse(values) as Record<string, unknown>);
  if (set.length === 0 && values !== undefined) return given;
  const input = await newestInput(client, runId, taskId, mapIndex);
  if (input.state !== InputState.OPEN)
    throw new CommandFailure(ExitCode.conflict, `${taskId} asks nothing: ${wordOf(input.state)}.`);
  const fields = formFields(input.form);
  if (set.length > 0) return { ...given, ...typedValues(set, fields) };
  say(`${colors.bold(input.form?.subject ?? "")}\n${input.form?.body ?? ""}`.trimEnd());
  return askForValues(fields);
}

function formFields(form: InputForm | undefined): Field[] {
  if (form === undefined) return [];
  const defaults = form.defaults ? (JSON.parse(textOf(form.defaults.data)) as object) : {};
  return fieldsOf(form.schema, defaults as Record<string, unknown>);
}

function textOf(data: Uint8Array | undefined): string {
  return new TextDecoder().decode(data);
}

function wordOf(state: InputState): string {
  return enumWord(InputStateSchema, state);
}
