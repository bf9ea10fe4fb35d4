/** `millrace callbacks …`: what had to be done when tasks and runs ended, and whether it was. */
import {
  CallbackEventSchema,
  DeliveryStateSchema,
  ListCallbackDeliveriesResponseSchema,
  type CallbackDelivery,
} from "@millrace/wire/v1";
import type { Command } from "commander";
import { enumWord, instanceName, showTime } from "../format.ts";
import { printMessage, printTable, say } from "../output.ts";
import { reach } from "../program-options.ts";
import { wholeNumber } from "./parse-options.ts";

type ListOptions = { task?: string; limit: number };

/** The most the api gives at a time. */
const pageMax = 1_000;
const listMax = 100_000;
const usualLimit = 100;

export function addCallbackCommands(program: Command): void {
  const callbacks = program
    .command("callbacks")
    .description("what is done when tasks and runs end: callbacks and how far they are");
  callbacks
    .command("list")
    .description("list the callbacks of a run and its tasks, newest first")
    .argument("<run-id>")
    .option("--task <task-id>", "only of this task")
    .option("--limit <n>", "how many", wholeNumber(1, listMax), usualLimit)
    .action(listCallbacks);
}

async function listCallbacks(
  runId: string,
  { task: taskId = "", limit }: ListOptions,
  command: Command,
): Promise<void> {
  const { client, json } = await reach(command);
  const deliveries: CallbackDelivery[] = [];
  let nextPageToken = "";
  do {
    const pageSize = Math.min(limit - deliveries.length, pageMax);
    const request = { runId, taskId, pageSize, pageToken: nextPageToken };
    const page = await client.tasks.listCallbackDeliveries(request);
    deliveries.push(...page.deliveries);
    nextPageToken = page.nextPageToken;
  } while (nextPageToken && deliveries.length < limit);
  if (json) {
    const $typeName = ListCallbackDeliveriesResponseSchema.typeName;
    return printMessage(ListCallbackDeliveriesResponseSchema, {
      ...{ $typeName, deliveries, nextPageToken },
    });
  }
  printTable(
    ["OF", "ON", "CALLBACK", "STATE", "TRIES", "HAPPENED", "NEXT TRY", "WHY"],
    deliveries.map((it) => [
      it.taskId === "" ? "the run" : instanceName(it),
      enumWord(CallbackEventSchema, it.event),
      it.name,
      enumWord(DeliveryStateSchema, it.state),
      String(it.tries),
      showTime(it.happenedAt),
      showTime(it.nextTryAt),
      it.failure?.message.split("\n")[0] ?? "",
    ]),
    "No callbacks: nothing has happened that the DAG has any for.",
  );
  if (nextPageToken) say(`There are older ones; see more with --limit above ${limit}.`);
}
