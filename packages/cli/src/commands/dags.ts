/** `millrace dags …` */
import { toJson } from "@bufbuild/protobuf";
import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  GetDagResponseSchema,
  GetDagSpecResponseSchema,
  ListNextRunsResponseSchema,
  ListDagsResponseSchema,
  PauseDagResponseSchema,
  TriggerDagRunResponseSchema,
  UnpauseDagResponseSchema,
  type Dag,
  type Edge,
  type ImportError,
  type RunSummary,
} from "@millrace/wire/v1";
import type { Command } from "commander";
import { randomUUID } from "node:crypto";
import { colors } from "../colors.ts";
import type { Connection } from "../connection.ts";
import { inputLinesOf } from "../input-lines.ts";
import { runStateWord, showGlyph, showSome, showState, showTime } from "../format.ts";
import { print, printJson, printMessage, printTable, say } from "../output.ts";
import { reach } from "../program-options.ts";
import { limitsText, traitsOf } from "../task-traits.ts";
import { watchRun } from "../watch.ts";
import type { TestOptions } from "./dags-test.ts";
import { listDependencies } from "./dependencies.ts";
import { collect, instant, paramsJson, wholeNumber } from "./parse-options.ts";

type ListOptions = { search?: string; tag: string[]; all?: boolean };
type TriggerOptions = {
  params?: string;
  logicalDate?: Date;
  note?: string;
  partition?: string;
  ignoreInputs?: boolean;
  watch?: boolean;
  requestId?: string;
};

const recentShown = 6;
/** Characters of a schedule in a table. */
const scheduleShown = 44;

export function addDagCommands(program: Command): void {
  const dags = program.command("dags").description("list, show, trigger, pause and test DAGs");

  dags
    .command("list")
    .description("list DAGs, their schedules and newest runs; files that do not compile come last")
    .option("--search <text>", "only ids, descriptions or tags that contain this")
    .option("--tag <tag>", "only DAGs with this tag (repeatable)", collect, [])
    .option("--all", "also DAGs whose file is gone")
    .action(listDags);
  dags
    .command("show")
    .description("show one DAG with its tasks and arrows")
    .argument("<dag-id>")
    .action(showDag);
  dags
    .command("trigger")
    .description("make a run now")
    .argument("<dag-id>")
    .option("--params <json>", "params as a JSON object", paramsJson)
    .option("--logical-date <instant>", "the date the run is about, ISO 8601 with zone", instant)
    .option("--partition <key>", "the part of the data that the run is about, such as 2026-01-02")
    .option("--note <text>", "free text kept with the run")
    .option(
      "--ignore-inputs",
      "start without waiting for the inputs of the DAG; the run is given none",
    )
    .option("--request-id <id>", "repeat a trigger safely: the same id makes one run only")
    .option("--watch", "follow the run; exit 0 only if it succeeds")
    .action(triggerDag);
  dags
    .command("next-runs")
    .description("list the runs that the DAG's schedule makes next")
    .argument("<dag-id>")
    .option("--count <n>", "how many, at most 1000", wholeNumber(1, 1000), 10)
    .action(listNextRuns);
  dags
    .command("dependencies")
    .description("list which DAGs trigger and wait for which")
    .argument("[dag-id]", "only what is near this one")
    .option("--levels <n>", "how many arrows away, at most 20", wholeNumber(1, 20), 1)
    .action(listDependencies);
  dags
    .command("pause")
    .description("stop scheduled runs and new tasks")
    .argument("<dag-id>")
    .action((dagId: string, _options: unknown, command: Command) =>
      setPaused(dagId, true, command),
    );
  dags
    .command("unpause")
    .description("undo pause")
    .argument("<dag-id>")
    .action((dagId: string, _options: unknown, command: Command) =>
      setPaused(dagId, false, command),
    );
  dags
    .command("test")
    .description("run a DAG here and now in one process, without server or database")
    .argument("<dag-id>")
    .option("--params <json>", "params as a JSON object", paramsJson)
    .option("--logical-date <instant>", "the date the run is about, ISO 8601 with zone", instant)
    .option("--partition <key>", "the part of the data that the run is about")
    .option("--dags <folder>", "the DAG folder (default: of millrace.config.ts, else ./dags)")
    .action(async (dagId: string, options: TestOptions, command: Command) => {
      const { testDag } = await import("./dags-test.ts");
      await testDag(dagId, options, command);
    });
}

async function listNextRuns(
  dagId: string,
  { count }: { count: number },
  command: Command,
): Promise<void> {
  const { client, json } = await reach(command);
  const response = await client.dags.listNextRuns({ dagId, count });
  if (json) return printMessage(ListNextRunsResponseSchema, response);
  const { plannedRuns } = response;
  const isPartitioned = plannedRuns.some(({ partitionKey }) => partitionKey !== "");
  const partition = (cell: string) => (isPartitioned ? [cell] : []);
  printTable(
    ["DUE", "LOGICAL DATE", "DATA FROM", "TO", ...partition("PARTITION")],
    plannedRuns.map((run) => [
      showTime(run.runAfter),
      showTime(run.logicalDate),
      showTime(run.dataIntervalStart),
      showTime(run.dataIntervalEnd),
      ...partition(run.partitionKey || "-"),
    ]),
    "No run is planned.",
  );
  for (const { message } of response.reasons) say(colors.yellow(`‖ ${message}`));
}

async function listDags(options: ListOptions, command: Command): Promise<void> {
  const { client, json } = await reach(command);
  const found: Dag[] = [];
  let pageToken = "";
  do {
    const page = await client.dags.listDags({
      pageSize: 500,
      pageToken,
      search: options.search ?? "",
      tags: options.tag,
      includeInactive: options.all ?? false,
    });
    found.push(...page.dags);
    pageToken = page.nextPageToken;
  } while (pageToken);
  const errors = await importErrors(client);
  if (json) {
    const page = { $typeName: ListDagsResponseSchema.typeName, dags: found } as const;
    const list = toJson(ListDagsResponseSchema, {
      ...page,
      nextPageToken: "",
      total: found.length,
    }) as object;
    printJson({
      ...list,
      importErrors: errors.map(({ folder, file, message }) => ({ folder, file, message })),
    });
    return;
  }
  printTable(
    ["DAG", "SCHEDULE", "PAUSED", "NEXT RUN", "TASKS", "LAST RUNS"],
    found.map((dag) => [
      dag.dagId,
      `${shortened(dag.schedule) || "-"}${dag.scheduleProblem ? colors.red(" ✘") : ""}`,
      dag.isPaused ? "yes" : "no",
      showTime(dag.nextRunAt),
      String(dag.taskCount),
      showRecent(dag.recentRuns),
    ]),
    "No DAGs are registered; a worker registers its folder: millrace worker --dags <folder>",
  );
  for (const error of errors) say(colors.red(`✘ ${error.file}: ${error.message}`));
}

/** A list of assets may be as long as it likes: `dags show` has all of it. */
function shortened(schedule: string): string {
  return schedule.length > scheduleShown ? `${schedule.slice(0, scheduleShown - 1)}…` : schedule;
}

/** The newest by name, those before it as glyphs. */
function showRecent(runs: readonly RunSummary[]): string {
  const [newest, ...older] = runs.slice(0, recentShown).map((run) => runStateWord(run.state));
  return newest ? `${showState(newest)} ${older.map(showGlyph).join("")}` : "-";
}

async function importErrors(client: Connection): Promise<ImportError[]> {
  const errors: ImportError[] = [];
  let pageToken = "";
  do {
    const page = await client.dags.listImportErrors({ pageSize: 500, pageToken });
    errors.push(...page.errors);
    pageToken = page.nextPageToken;
  } while (pageToken);
  return errors;
}

async function showDag(dagId: string, _options: unknown, command: Command): Promise<void> {
  const { client, json } = await reach(command);
  const [about, compiled] = await Promise.all([
    client.dags.getDag({ dagId }),
    client.dags.getDagSpec({ dagId }),
  ]);
  if (json) {
    printJson({
      ...(toJson(GetDagResponseSchema, about) as object),
      ...(toJson(GetDagSpecResponseSchema, compiled) as object),
    });
    return;
  }
  const dag = about.dag!;
  const spec = compiled.spec!;
  const paused = dag.isPaused ? colors.yellow(" ‖ paused") : "";
  print(`${colors.bold(dag.dagId)} version ${dag.version}${paused}`);
  if (dag.description) print(dag.description);
  const next = dag.nextRunAt ? `, next ${showTime(dag.nextRunAt)}` : "";
  const zone = ["", "UTC"].includes(dag.timezone) ? "" : ` ${dag.timezone}`;
  print(`${colors.dim("schedule ")} ${dag.schedule || "none"}${zone}${next}`);
  if (dag.scheduleProblem) print(colors.red(`✘ ${dag.scheduleProblem}`));
  print(`${colors.dim("file     ")} ${dag.file}`);
  if (dag.tags.length > 0) print(`${colors.dim("tags     ")} ${dag.tags.join(", ")}`);
  print(`${colors.dim("limits   ")} ${limitsText(spec)}`);
  for (const line of spec.inputs === undefined ? [] : inputLinesOf(spec.inputs))
    print(`${colors.dim("input    ")} ${line}`);
  for (const { name } of spec.deadlines) print(`${colors.dim("deadline ")} ${name}`);
  print("");
  const before = Map.groupBy(spec.edges, (edge) => edge.toTaskId);
  const traits = traitsOf(spec);
  printTable(
    ["TASK", "QUEUE", "RETRIES", "AFTER", ""],
    spec.tasks.map((task) => [
      task.taskId,
      task.queue || "default",
      String(task.retries),
      showSome((before.get(task.taskId) ?? []).map(showEdge)),
      traits(task).join(", "),
    ]),
    "The DAG has no tasks.",
  );
}

function showEdge({ fromTaskId, label }: Edge): string {
  return label ? `${fromTaskId} (${label})` : fromTaskId;
}

async function triggerDag(dagId: string, options: TriggerOptions, command: Command): Promise<void> {
  const { client, json } = await reach(command);
  const answer = await client.runs.triggerDagRun({
    requestId: options.requestId ?? randomUUID(),
    dagId,
    note: options.note ?? "",
    partitionKey: options.partition ?? "",
    ignoreInputs: options.ignoreInputs ?? false,
    ...(options.params && {
      params: { data: new TextEncoder().encode(options.params) },
    }),
    ...(options.logicalDate && {
      logicalDate: timestampFromDate(options.logicalDate),
    }),
  });
  const run = answer.run!;
  if (options.watch) return watchRun(client, run.runId, { json });
  if (json) return printMessage(TriggerDagRunResponseSchema, answer);
  const date = run.logicalDate ? ` for ${timestampDate(run.logicalDate).toISOString()}` : "";
  print(run.runId);
  say(`Triggered ${dagId}${date}. Follow it: millrace runs watch ${run.runId}`);
}

async function setPaused(dagId: string, isPaused: boolean, command: Command): Promise<void> {
  const { client, json } = await reach(command);
  const request = { requestId: randomUUID(), dagId };
  if (isPaused) {
    const answer = await client.dags.pauseDag(request);
    if (json) return printMessage(PauseDagResponseSchema, answer);
    say(`Paused ${dagId}: no scheduled runs, no new tasks; what runs goes on.`);
  } else {
    const answer = await client.dags.unpauseDag(request);
    if (json) return printMessage(UnpauseDagResponseSchema, answer);
    const next = answer.dag?.nextRunAt;
    say(`Unpaused ${dagId}${next ? `; next run ${showTime(next)}` : ""}.`);
  }
}
