/** `millrace backfills …` */
import { create, toJson, type MessageInitShape } from "@bufbuild/protobuf";
import { durationMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  BackfillDateOutcomeSchema,
  BackfillDateSchema,
  BackfillState,
  BackfillStateSchema,
  CancelBackfillResponseSchema,
  CreateBackfillRequestSchema,
  CreateBackfillResponseSchema,
  GetBackfillResponseSchema,
  ListBackfillsResponseSchema,
  PauseBackfillResponseSchema,
  ReprocessBehavior,
  ResumeBackfillResponseSchema,
  type Backfill,
  type BackfillDate,
  type BackfillPreview,
} from "@millrace/wire/v1";
import { startOfDay } from "@millrace/engine";
import { Option, type Command } from "commander";
import { randomUUID } from "node:crypto";
import { colors } from "../colors.ts";
import { confirm, terminal } from "../confirm.ts";
import { connect, type Connection } from "../connection.ts";
import { CommandFailure, ExitCode } from "../exit-codes.ts";
import { enumWord, runStateWord, showMilliseconds, showState, showTime } from "../format.ts";
import { print, printJson, printMessage, printTable, say } from "../output.ts";
import { globalOptions, reach } from "../program-options.ts";
import { followBackfill, progressBar } from "../watch-backfill.ts";
import { dayOrInstant, paramsJson, wholeNumber, type DayOrInstant } from "./parse-options.ts";

type CreateOptions = {
  from: DayOrInstant;
  to: DayOrInstant;
  reverse?: boolean;
  reprocess: "none" | "failed" | "completed";
  maxActiveRuns?: number;
  params?: string;
  note?: string;
  requestId?: string;
  dryRun?: boolean;
  limit: number;
  wait?: boolean;
};
type ListOptions = { dag?: string; open?: boolean; limit: number };
type ShowOptions = { dates?: boolean; wait?: boolean; limit: number };

const listMax = 10_000;
const datesMax = 100_000;
const activeRunsMax = 1_000;

export function addBackfillCommands(program: Command): void {
  const backfills = program
    .command("backfills")
    .description("make runs for dates that have passed; list, show, pause, resume, cancel");
  backfills
    .command("create")
    .description("make a run for every date of the DAG's schedule from one date to another")
    .argument("<dag-id>")
    .requiredOption(
      "--from <date>",
      "first logical date, included: a day in the zone of the schedule, or an instant",
      dayOrInstant,
    )
    .requiredOption(
      "--to <date>",
      "last logical date, included; a day means all of it",
      dayOrInstant,
    )
    .option("--reverse", "newest first")
    .addOption(
      new Option("--reprocess <which>", "dates that have a run already: which are run again")
        .choices(["none", "failed", "completed"])
        .default("none"),
    )
    .option("--max-active-runs <n>", "runs at a time (default: 10)", wholeNumber(1, activeRunsMax))
    .option("--params <json>", "params of each run as a JSON object", paramsJson)
    .option("--note <text>", "free text kept with it and its runs")
    .option("--request-id <id>", "repeat safely: the same id makes one backfill only")
    .option("--dry-run", "make nothing, list the dates and what would become of each")
    .option("--limit <n>", "dates to list with --dry-run", wholeNumber(1, datesMax), 100)
    .option("--wait", "follow it until it is over; exit 0 only if no run of it failed")
    .action(createBackfill);
  backfills
    .command("list")
    .description("list backfills, newest first")
    .option("--dag <dag-id>", "only of this DAG")
    .option("--open", "only those that are not over")
    .option("--limit <n>", "how many", wholeNumber(1, listMax), 25)
    .action(listBackfills);
  backfills
    .command("show")
    .description("show how far a backfill is, what holds it up, and its dates")
    .argument("<backfill-id>")
    .option("--dates", "list its dates with their runs")
    .option("--limit <n>", "dates to list", wholeNumber(1, datesMax), 100)
    .option("--wait", "follow it until it is over; exit 0 only if no run of it failed")
    .action(showBackfill);
  for (const { name, description } of changes)
    backfills
      .command(name)
      .description(description)
      .argument("<backfill-id>")
      .action((backfillId: string, _options: unknown, command: Command) =>
        changeBackfill(name, backfillId, command),
      );
  backfills
    .command("cancel")
    .description("end a backfill early: waiting runs fail, running ones go on")
    .argument("<backfill-id>")
    .option("-y, --yes", "do not ask")
    .action(cancelBackfill);
}

const changes = [
  { name: "pause", description: "make and start no further runs of it; running ones go on" },
  { name: "resume", description: "undo pause" },
] as const;

async function createBackfill(
  dagId: string,
  options: CreateOptions,
  command: Command,
): Promise<void> {
  const { client, json } = await reach(command);
  const request = {
    requestId: options.requestId ?? randomUUID(),
    ...{ dagId, reverse: options.reverse ?? false, note: options.note ?? "" },
    ...(await rangeOf(client, dagId, options)),
    reprocess: reprocessing[options.reprocess],
    maxActiveRuns: options.maxActiveRuns ?? 0,
    ...(options.params ? { params: { data: new TextEncoder().encode(options.params) } } : {}),
  };
  if (options.dryRun) return dryRun(client, request, options.limit, json);
  const answer = await client.backfills.createBackfill(request);
  const backfill = answer.backfill!;
  if (!options.wait) {
    if (json) return printMessage(CreateBackfillResponseSchema, answer);
    print(backfill.backfillId);
    say(`It fills in ${datesText(backfill.progress?.dates ?? 0)} of ${dagId}.`);
    return say(`Follow it: millrace backfills show ${backfill.backfillId} --wait`);
  }
  await follow(client, backfill.backfillId, json);
}

const dayMs = 86_400_000;

/** Days are those of the DAG's schedule; the last one counts whole. */
async function rangeOf(
  { dags }: Connection,
  dagId: string,
  { from, to }: Pick<CreateOptions, "from" | "to">,
) {
  const hasDay = from.kind === "day" || to.kind === "day";
  const timezone = hasDay ? (await dags.getDag({ dagId })).dag?.timezone : "";
  const zone = timezone || "UTC";
  return {
    fromDate: timestampFromMs(from.kind === "instant" ? from.at : startOfDay(zone, from.midnight)),
    toDate: timestampFromMs(
      to.kind === "instant" ? to.at : startOfDay(zone, to.midnight + dayMs) - 1,
    ),
  };
}

const reprocessing = {
  none: ReprocessBehavior.NONE,
  failed: ReprocessBehavior.FAILED,
  completed: ReprocessBehavior.COMPLETED,
} as const;

function datesText(dates: number): string {
  return dates === 1 ? "1 date" : `${dates.toLocaleString("en")} dates`;
}

async function dryRun(
  client: Connection,
  request: MessageInitShape<typeof CreateBackfillRequestSchema>,
  limit: number,
  json: boolean,
): Promise<void> {
  const dates: BackfillDate[] = [];
  let preview: BackfillPreview | undefined;
  let pageToken = "";
  do {
    const pageSize = Math.min(limit - dates.length, 1_000);
    const asked = create(CreateBackfillRequestSchema, request);
    const page = await client.backfills.createBackfill({
      ...asked,
      ...{ dryRun: true, pageSize, pageToken },
    });
    dates.push(...page.dates);
    preview ??= page.preview;
    pageToken = page.nextPageToken;
  } while (pageToken && dates.length < limit);
  if (json) {
    const { typeName: $typeName } = CreateBackfillResponseSchema;
    const all = { $typeName, dates, nextPageToken: pageToken };
    return printMessage(CreateBackfillResponseSchema, preview ? { ...all, preview } : all);
  }
  printDates(dates);
  if (pageToken) say(`There are more dates; see them with --limit above ${limit}.`);
  const { dates: count = 0, made = 0, rerun = 0, inFlight = 0, existing = 0 } = preview ?? {};
  const left = existing + inFlight;
  const why = left === 0 ? "" : ` (${existing} with a run that is over, ${inFlight} on the way)`;
  say(
    `${datesText(count)}: ${made} to be made, ${rerun} to be run again, ${left} left alone${why}. Nothing was made.`,
  );
}

function printDates(dates: readonly BackfillDate[]): void {
  printTable(
    ["#", "LOGICAL DATE", "DATA TO", "OUTCOME", "RUN", "STATE"],
    dates.map((date) => [
      String(date.ordinal),
      showTime(date.logicalDate),
      showTime(date.dataIntervalEnd),
      enumWord(BackfillDateOutcomeSchema, date.outcome),
      date.runId || "-",
      date.runState ? showState(runStateWord(date.runState)) : "-",
    ]),
    "No dates.",
  );
}

async function listBackfills(options: ListOptions, command: Command): Promise<void> {
  const { client, json } = await reach(command);
  const found: Backfill[] = [];
  let pageToken = "";
  do {
    const page = await client.backfills.listBackfills({
      pageSize: Math.min(options.limit - found.length, 100),
      ...{ pageToken, dagId: options.dag ?? "", openOnly: options.open ?? false },
    });
    found.push(...page.backfills);
    pageToken = page.nextPageToken;
  } while (pageToken && found.length < options.limit);
  if (json) {
    const { typeName: $typeName } = ListBackfillsResponseSchema;
    const list = { $typeName, backfills: found, nextPageToken: pageToken };
    return printMessage(ListBackfillsResponseSchema, list);
  }
  printTable(
    ["BACKFILL", "DAG", "STATE", "FROM", "TO", "DONE", "FAILED"],
    found.map((backfill) => [
      backfill.backfillId,
      backfill.dagId,
      showBackfillState(backfill.state),
      showTime(backfill.fromDate),
      showTime(backfill.toDate),
      `${doneOf(backfill)}/${backfill.progress?.dates ?? 0}`,
      String(backfill.progress?.failed ?? 0),
    ]),
    options.dag || options.open
      ? "No such backfills."
      : "No backfills yet. Make one: millrace backfills create <dag-id> --from 2026-01-01 --to 2026-01-31",
  );
  if (pageToken) say(`There are older ones; see more with --limit above ${options.limit}.`);
}

function showBackfillState(state: BackfillState): string {
  return enumWord(BackfillStateSchema, state);
}

function doneOf({ progress }: Backfill): number {
  if (progress === undefined) return 0;
  return progress.dates - progress.pending - progress.queued - progress.running;
}

async function showBackfill(
  backfillId: string,
  options: ShowOptions,
  command: Command,
): Promise<void> {
  const { client, json } = await reach(command);
  if (options.wait) return follow(client, backfillId, json);
  const answer = await client.backfills.getBackfill({ backfillId });
  const dates = options.dates ? await datesOf(client, backfillId, options.limit) : null;
  if (json) {
    const shown = toJson(GetBackfillResponseSchema, answer) as object;
    return printJson(
      dates === null
        ? shown
        : { ...shown, dates: dates.map((date) => toJson(BackfillDateSchema, date)) },
    );
  }
  const backfill = answer.backfill!;
  const { progress } = backfill;
  print(
    `${colors.bold(backfillId)} of ${colors.bold(backfill.dagId)}: ${showBackfillState(backfill.state)}`,
  );
  print(
    `${colors.dim("dates    ")} ${showTime(backfill.fromDate)} to ${showTime(backfill.toDate)}${backfill.reverse ? ", newest first" : ""}`,
  );
  print(
    `${colors.dim("by       ")} ${backfill.createdBy}, ${showTime(backfill.createdAt)}${backfill.note ? `: ${backfill.note}` : ""}`,
  );
  print(`${colors.dim("progress ")} ${progressBar(backfill)}`);
  if (progress?.estimatedLeft)
    print(
      `${colors.dim("left     ")} about ${showMilliseconds(durationMs(progress.estimatedLeft))} (an estimate)`,
    );
  for (const reason of answer.reasons) print(`${colors.dim("held by  ")} ${reason.message}`);
  if (dates === null) return;
  print("");
  printDates(dates);
  const count = progress?.dates ?? 0;
  if (dates.length < count)
    say(`There are ${datesText(count)}; see more with --limit above ${options.limit}.`);
}

async function datesOf(
  client: Connection,
  backfillId: string,
  limit: number,
): Promise<BackfillDate[]> {
  const dates: BackfillDate[] = [];
  let pageToken = "";
  do {
    const pageSize = Math.min(limit - dates.length, 1_000);
    const page = await client.backfills.listBackfillRuns({ backfillId, pageSize, pageToken });
    dates.push(...page.dates);
    pageToken = page.nextPageToken;
  } while (pageToken && dates.length < limit);
  return dates;
}

/** @throws CommandFailure when a run of it failed, or it was cancelled. */
async function follow(client: Connection, backfillId: string, json: boolean): Promise<void> {
  const answer = await followBackfill(client, backfillId, json);
  const backfill = answer.backfill!;
  if (json) printMessage(GetBackfillResponseSchema, answer);
  const failed = backfill.progress?.failed ?? 0;
  if (backfill.state === BackfillState.CANCELLED)
    throw new CommandFailure(ExitCode.failed, `${backfillId} was cancelled.`);
  if (failed > 0)
    throw new CommandFailure(
      ExitCode.failed,
      `${failed === 1 ? "1 run" : `${failed} runs`} of ${backfillId} failed; another backfill of these dates with --reprocess failed runs them again.`,
    );
}

async function changeBackfill(
  name: "pause" | "resume",
  backfillId: string,
  command: Command,
): Promise<void> {
  const { json, ...connection } = globalOptions(command);
  const { backfills } = await connect(connection);
  const request = { requestId: randomUUID(), backfillId };
  const isPause = name === "pause";
  const answer = await (isPause
    ? backfills.pauseBackfill(request)
    : backfills.resumeBackfill(request));
  if (json && isPause)
    return printMessage(PauseBackfillResponseSchema, {
      ...answer,
      $typeName: PauseBackfillResponseSchema.typeName,
    });
  if (json)
    return printMessage(ResumeBackfillResponseSchema, {
      ...answer,
      $typeName: ResumeBackfillResponseSchema.typeName,
    });
  say(`${backfillId} is ${showBackfillState(answer.backfill!.state)}.`);
}

async function cancelBackfill(
  backfillId: string,
  options: { yes?: boolean },
  command: Command,
): Promise<void> {
  const { json, ...connection } = globalOptions(command);
  const { backfills } = await connect(connection);
  if (!options.yes) {
    const { backfill } = await backfills.getBackfill({ backfillId });
    const { pending = 0, queued = 0 } = backfill?.progress ?? {};
    const question = `Cancel ${backfillId}: ${pending} dates stay without a run, ${queued} waiting runs fail?`;
    if (!(await confirm(question, { ...terminal, remedy: "add --yes to go ahead" })))
      throw new CommandFailure(ExitCode.interrupted, "Nothing was changed.");
  }
  const answer = await backfills.cancelBackfill({ requestId: randomUUID(), backfillId });
  if (json) return printMessage(CancelBackfillResponseSchema, answer);
  say(`${backfillId} is ${showBackfillState(answer.backfill!.state)}; what runs goes on.`);
}
