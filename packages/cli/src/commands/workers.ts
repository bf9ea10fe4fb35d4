/** `millrace workers …` */
import { ListWorkersResponseSchema, type Worker } from "@millrace/wire/v1";
import type { Command } from "commander";
import { showTime } from "../format.ts";
import { printMessage, printTable } from "../output.ts";
import { reach } from "../program-options.ts";

export function addWorkersCommands(program: Command): void {
  const workers = program.command("workers").description("see which workers are attached");
  workers.command("list").description("list live worker sessions").action(listWorkers);
}

async function listWorkers(_options: unknown, command: Command): Promise<void> {
  const { client, json } = await reach(command);
  const found: Worker[] = [];
  let pageToken = "";
  do {
    const page = await client.system.listWorkers({ pageSize: 500, pageToken });
    found.push(...page.workers);
    pageToken = page.nextPageToken;
  } while (pageToken);
  if (json) {
    return printMessage(ListWorkersResponseSchema, {
      $typeName: ListWorkersResponseSchema.typeName,
      workers: found,
      nextPageToken: "",
    });
  }
  printTable(
    ["WORKER", "SDK", "QUEUES", "HANDLERS", "RUNNING", "NODE", "SINCE"],
    found.map((it) => [
      it.name,
      it.sdk,
      it.queues.join(", "),
      it.handlers.join(", ") || "-",
      `${it.running}/${it.slots}`,
      it.node,
      showTime(it.startedAt),
    ]),
    "No worker is attached. Start one: millrace worker",
  );
}
