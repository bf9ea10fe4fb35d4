/** `millrace assets …` */
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  AssetEventSource,
  CreateAssetEventResponseSchema,
  GetAssetProgressResponseSchema,
  GetAssetResponseSchema,
  ListAssetEventsResponseSchema,
  ListAssetsResponseSchema,
  MaterializeAssetResponseSchema,
  type Asset,
  type AssetEvent,
  type AssetProgress,
  type AssetWatcherState,
  type GetAssetProgressResponse,
} from "@millrace/wire/v1";
import type { Command } from "commander";
import { randomUUID } from "node:crypto";
import { colors } from "../colors.ts";
import { connect, type Connection } from "../connection.ts";
import { showSome, showTime } from "../format.ts";
import { print, printMessage, printTable, say } from "../output.ts";
import { globalOptions, reach } from "../program-options.ts";
import { watchRun } from "../watch.ts";
import { extraJson, instant, paramsJson, wholeNumber } from "./parse-options.ts";

type ListOptions = { search?: string; group?: string; dag?: string; all?: boolean };
type EventOptions = {
  dag?: string;
  run?: string;
  made?: string;
  since?: Date;
  before?: Date;
  limit: number;
};
type EmitOptions = { extra?: string; partition?: string; requestId?: string };
type MaterializeOptions = {
  dag?: string;
  params?: string;
  note?: string;
  partition?: string;
  requestId?: string;
  watch?: boolean;
};

/** The most the api gives at a time. */
const pageMax = 500;
const listMax = 100_000;
const usualLimit = 25;
/** Characters of an extra in a table. */
const shownChars = 120;

export function addAssetCommands(program: Command): void {
  const assets = program
    .command("assets")
    .description("list and show assets, their events, and make events and runs");
  assets
    .command("list")
    .description("list assets, what makes them and what waits for them")
    .option("--search <text>", "only uris, names or groups that contain this")
    .option("--group <group>", "only of this group")
    .option("--dag <dag-id>", "only those that this DAG makes, reads or is scheduled on")
    .option("--all", "also those that no DAG names any more")
    .action(listAssets);
  assets
    .command("show")
    .description(
      "show an asset with the tasks that make and read it, and the DAGs that wait for it",
    )
    .argument("<asset>", "its uri, or its name")
    .action(showAsset);
  assets
    .command("events")
    .description("list events, newest first: of one asset, or of all")
    .argument("[asset]", "its uri, or its name")
    .option("--dag <dag-id>", "only those made by tasks of this DAG")
    .option("--run <run-id>", "only those made by tasks of this run")
    .option("--made <run-id>", "only those that this run was made of")
    .option("--since <instant>", "only at or after this, ISO 8601 with zone", instant)
    .option("--before <instant>", "only before this, ISO 8601 with zone", instant)
    .option("--limit <n>", "how many", wholeNumber(1, listMax), usualLimit)
    .action(listEvents);
  assets
    .command("emit")
    .description("say that something happened to an asset: DAGs that wait for it may run")
    .argument("<asset>", "its uri, or its name")
    .option("--extra <json>", "facts about the event, as a JSON object", extraJson)
    .option("--partition <key>", "the part of the data that it is about, such as 2026-01-02")
    .option("--request-id <id>", "repeat it safely: the same id makes one event only")
    .action(emitEvent);
  assets
    .command("materialize")
    .description("run the DAG that makes an asset")
    .argument("<asset>", "its uri, or its name")
    .option("--dag <dag-id>", "which DAG, when several make it")
    .option("--params <json>", "params as a JSON object", paramsJson)
    .option("--partition <key>", "the part of the data that the run is about")
    .option("--note <text>", "free text kept with the run")
    .option("--request-id <id>", "repeat it safely: the same id makes one run only")
    .option("--watch", "follow the run; exit 0 only if it succeeds")
    .action(materialize);
  assets
    .command("waiting")
    .description("say what the next run of a DAG that is scheduled on assets waits for")
    .argument("<dag-id>")
    .option("--limit <n>", "of how many partitions", wholeNumber(1, listMax), usualLimit)
    .action(async (dagId: string, { limit }: { limit: number }, command: Command) => {
      const { json, ...connection } = globalOptions(command);
      await printWaiting(await connect(connection), { dagId, limit }, json ?? false);
    });
}

async function listAssets(options: ListOptions, command: Command): Promise<void> {
  const { client, json } = await reach(command);
  const found: Asset[] = [];
  let pageToken = "";
  do {
    const page = await client.assets.listAssets({
      pageSize: pageMax,
      pageToken,
      search: options.search ?? "",
      group: options.group ?? "",
      dagId: options.dag ?? "",
      includeInactive: options.all ?? false,
    });
    found.push(...page.assets);
    pageToken = page.nextPageToken;
  } while (pageToken);
  if (json) {
    const { typeName: $typeName } = ListAssetsResponseSchema;
    const all = { $typeName, assets: found, nextPageToken: "", total: found.length } as const;
    return printMessage(ListAssetsResponseSchema, all);
  }
  printTable(
    ["ASSET", "NAME", "GROUP", "LAST EVENT", "MADE BY", "WAITING"],
    found.map((asset) => [
      asset.isActive ? asset.uri : colors.dim(`${asset.uri} (not in use)`),
      asset.name === asset.uri ? "-" : asset.name,
      asset.group,
      showTime(asset.lastEventAt),
      countOf(asset.producerCount, "task"),
      countOf(asset.consumerCount, "DAG"),
    ]),
    "No assets: they come with DAGs that name them, as outlets of tasks or in their schedule.",
  );
}

function countOf(count: number, what: string): string {
  return count === 0 ? "-" : `${count} ${what}${count === 1 ? "" : "s"}`;
}

async function showAsset(uriOrName: string, _options: unknown, command: Command): Promise<void> {
  const { client, json } = await reach(command);
  const answer = await client.assets.getAsset({ asset: uriOrName });
  if (json) return printMessage(GetAssetResponseSchema, answer);
  const asset = answer.asset!;
  print(`${colors.bold(asset.uri)}${asset.isActive ? "" : colors.yellow(" not in use")}`);
  print(`${colors.dim("name      ")} ${asset.name}`);
  print(`${colors.dim("group     ")} ${asset.group}`);
  if (asset.extra) print(`${colors.dim("extra     ")} ${asset.extra}`);
  print(`${colors.dim("last event")} ${showTime(asset.lastEventAt)}`);
  if (asset.aliases.length > 0) print(`${colors.dim("aliases   ")} ${asset.aliases.join(", ")}`);
  for (const watcher of asset.watchers)
    print(`${colors.dim("watched   ")} ${watcherText(watcher)}`);
  print("");
  printTable(
    ["DAG", "TASK", "DOES", "EVENTS NOT USED"],
    [
      ...asset.producers.map((use) => [use.dagId, use.taskId, by("makes it", use.alias), "-"]),
      ...asset.consumers.map((use) =>
        use.taskId === ""
          ? [use.dagId, "-", by("waits for it", use.alias), pendingText(use.pendingCount)]
          : [use.dagId, use.taskId, by("reads it", use.alias), "-"],
      ),
    ],
    "No active DAG makes, reads or waits for it.",
  );
}

function watcherText(watcher: AssetWatcherState): string {
  const { summary, handler, queue, firedAt, problem, hasTriggerer } = watcher;
  const seen = firedAt ? `last seen ${showTime(firedAt)}` : "nothing seen yet";
  const nobody = `nobody watches: no worker that serves the queue "${queue}" has the trigger "${handler}"`;
  const wrong = problem || (hasTriggerer ? "" : nobody);
  return `${summary} (${handler}), ${seen}${wrong === "" ? "" : colors.red(` ✘ ${wrong}`)}`;
}

function by(what: string, alias: string): string {
  return alias === "" ? what : `${what} (alias ${alias})`;
}

/** The most that is counted; more look the same. */
const pendingMax = 1000;

function pendingText(count: number): string {
  return count >= pendingMax ? `${pendingMax} or more` : String(count);
}

async function listEvents(
  uriOrName: string | undefined,
  options: EventOptions,
  command: Command,
): Promise<void> {
  const { client, json } = await reach(command);
  const found: AssetEvent[] = [];
  let pageToken = "";
  do {
    const page = await client.assets.listAssetEvents({
      pageSize: Math.min(pageMax, options.limit - found.length),
      pageToken,
      asset: uriOrName ?? "",
      sourceDagId: options.dag ?? "",
      sourceRunId: options.run ?? "",
      madeRunId: options.made ?? "",
      ...(options.since && { since: timestampFromDate(options.since) }),
      ...(options.before && { before: timestampFromDate(options.before) }),
    });
    found.push(...page.events);
    pageToken = page.nextPageToken;
  } while (pageToken && found.length < options.limit);
  if (json) {
    const { typeName: $typeName } = ListAssetEventsResponseSchema;
    return printMessage(ListAssetEventsResponseSchema, {
      $typeName,
      events: found,
      nextPageToken: pageToken,
    });
  }
  printTable(
    ["EVENT", "AT", "ASSET", "PARTITION", "BY", "MADE RUNS OF", "EXTRA"],
    found.map((event) => [
      String(event.eventId),
      showTime(event.at),
      event.uri,
      event.partitionKey || "-",
      makerOf(event),
      showSome(event.madeRuns.map((run) => `${run.dagId} ${run.runId}`)),
      extraText(event),
    ]),
    "No events.",
  );
}

function makerOf(event: AssetEvent): string {
  if (event.source !== AssetEventSource.TASK) return event.createdBy || "a watcher";
  const instance = event.mapIndex < 0 ? event.taskId : `${event.taskId}[${event.mapIndex}]`;
  return `${event.dagId} ${instance} ${event.runId}`;
}

function extraText({ extra }: AssetEvent): string {
  if (extra === undefined) return "-";
  const text = new TextDecoder().decode(extra.data);
  return text.length > shownChars ? `${text.slice(0, shownChars)}…` : text;
}

async function emitEvent(uriOrName: string, options: EmitOptions, command: Command): Promise<void> {
  const { client, json } = await reach(command);
  const answer = await client.assets.createAssetEvent({
    requestId: options.requestId ?? randomUUID(),
    asset: uriOrName,
    partitionKey: options.partition ?? "",
    ...(options.extra && { extra: { data: new TextEncoder().encode(options.extra) } }),
  });
  if (json) return printMessage(CreateAssetEventResponseSchema, answer);
  print(String(answer.event!.eventId));
  say(`Made an event of ${answer.event!.uri}. What it starts: millrace assets events ${uriOrName}`);
}

async function materialize(
  uriOrName: string,
  options: MaterializeOptions,
  command: Command,
): Promise<void> {
  const { client, json } = await reach(command);
  const answer = await client.assets.materializeAsset({
    requestId: options.requestId ?? randomUUID(),
    asset: uriOrName,
    dagId: options.dag ?? "",
    note: options.note ?? "",
    partitionKey: options.partition ?? "",
    ...(options.params && { params: { data: new TextEncoder().encode(options.params) } }),
  });
  const run = answer.run!;
  if (options.watch) return watchRun(client, run.runId, { json });
  if (json) return printMessage(MaterializeAssetResponseSchema, answer);
  print(run.runId);
  say(`Triggered ${run.dagId}, which makes it. Follow it: millrace runs watch ${run.runId}`);
}

async function printWaiting(
  client: Connection,
  { dagId, limit }: { dagId: string; limit: number },
  json: boolean,
): Promise<void> {
  const answer = await readWaiting(client, dagId, limit);
  const { progress, reasons, isByPartition, partitions } = answer;
  if (json) return printMessage(GetAssetProgressResponseSchema, answer);
  if (progress === undefined && !isByPartition) return say(`${dagId} is not scheduled on assets.`);
  if (progress !== undefined) printProgress(progress, "");
  for (const { partitionKey, progress: ofKey } of partitions) {
    print(colors.bold(partitionKey));
    if (ofKey !== undefined) printProgress(ofKey, "  ");
  }
  if (answer.nextPageToken) say(`There are more partitions; see them with --limit above ${limit}.`);
  for (const { message } of reasons) say(message);
  for (const { uri, problem, eventId } of answer.unmapped)
    say(colors.yellow(`Event ${eventId} of ${uri} belongs to no partition: ${problem}.`));
  for (const { uri, ignored, newest } of answer.ignored)
    say(ignoredText(answer, uri, ignored, newest));
  if (isByPartition && partitions.length === 0)
    return say("No event with a partition key has come that no run has used.");
  const isHeld = reasons.length > 0 || partitions.some((one) => one.progress?.isMet === false);
  if (!isHeld) say("Nothing holds the next run: it is about to be made.");
}

function ignoredText(
  { isByPartition }: Pick<GetAssetProgressResponse, "isByPartition">,
  uri: string,
  ignored: number,
  newest: number,
): string {
  const why = isByPartition
    ? "for want of a partition key (this DAG waits by partition)"
    : "for their partition key (only DAGs that wait by partition use those)";
  return `Passed over: ${ignored} of the newest ${newest} events of ${uri}, ${why}.`;
}

/** As many partitions as asked for, page by page. */
async function readWaiting(
  client: Connection,
  dagId: string,
  limit: number,
): Promise<GetAssetProgressResponse> {
  const answer = await client.assets.getAssetProgress({
    ...{ dagId, pageSize: Math.min(limit, pageMax) },
  });
  while (answer.nextPageToken && answer.partitions.length < limit) {
    const pageSize = Math.min(limit - answer.partitions.length, pageMax);
    const ask = { dagId, pageSize, pageToken: answer.nextPageToken };
    const page = await client.assets.getAssetProgress(ask);
    answer.partitions.push(...page.partitions);
    answer.nextPageToken = page.nextPageToken;
  }
  return answer;
}

function printProgress(progress: AssetProgress, indent: string): void {
  const sign = progress.isMet ? colors.green("✔") : colors.yellow("…");
  print(`${indent}${sign} ${progress.message}`);
  if (progress.kind.case !== "allOf" && progress.kind.case !== "anyOf") return;
  for (const part of progress.kind.value.parts) printProgress(part, `${indent}  `);
}
