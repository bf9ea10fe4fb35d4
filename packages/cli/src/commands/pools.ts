/** `millrace pools …`: budgets of slots that tasks of all DAGs share. */
import { randomUUID } from "node:crypto";
import {
  CreatePoolResponseSchema,
  DeletePoolResponseSchema,
  ListPoolsResponseSchema,
  PoolSchema,
  UpdatePoolResponseSchema,
  type Pool,
} from "@millrace/wire/v1";
import { InvalidArgumentError, type Command } from "commander";
import { colors } from "../colors.ts";
import { connect } from "../connection.ts";
import { CommandFailure, ExitCode } from "../exit-codes.ts";
import { print, printMessage, printTable, say } from "../output.ts";
import { globalOptions, reach } from "../program-options.ts";
import { wholeNumber } from "./parse-options.ts";

const slotsMax = 1_000_000;
const pageMax = 500;
const unlimited = "unlimited";

type Slots = number | typeof unlimited;
type ChangeOptions = { slots?: Slots; description?: string; includeDeferred?: boolean };

const slotCount = wholeNumber(1, slotsMax);

function slotsOrUnlimited(text: string): Slots {
  if (text === unlimited) return unlimited;
  try {
    return slotCount(text);
  } catch {
    throw new InvalidArgumentError(
      `It must be a whole number from 1 to ${slotsMax}, or ${unlimited}.`,
    );
  }
}

export function addPoolCommands(program: Command): void {
  const pools = program.command("pools").description("budgets of slots that tasks share");
  pools.command("list").description("list pools with what is used of them").action(listPools);
  pools.command("show").description("show a pool").argument("<name>").action(showPool);
  pools
    .command("create")
    .description("make a pool")
    .argument("<name>")
    .requiredOption("--slots <n>", `how many slots it has, or ${unlimited}`, slotsOrUnlimited)
    .option("--description <text>", "what it is for")
    .option("--include-deferred", "deferred tasks keep their slots")
    .action(createPool);
  pools
    .command("update")
    .description("change a pool; one that is made smaller than its use admits nobody until it fits")
    .argument("<name>")
    .option("--slots <n>", `how many slots it has, or ${unlimited}`, slotsOrUnlimited)
    .option("--description <text>", "what it is for")
    .option("--include-deferred", "deferred tasks keep their slots")
    .option("--no-include-deferred", "deferred tasks give their slots back")
    .action(updatePool);
  pools
    .command("delete")
    .description("delete a pool; tasks that name it wait until there is one again")
    .argument("<name>")
    .action(deletePool);
}

async function listPools(_options: unknown, command: Command): Promise<void> {
  const { client, json } = await reach(command);
  const pools: Pool[] = [];
  let pageToken = "";
  do {
    const page = await client.pools.listPools({ pageSize: pageMax, pageToken });
    pools.push(...page.pools);
    pageToken = page.nextPageToken;
  } while (pageToken);
  if (json) {
    const { typeName } = ListPoolsResponseSchema;
    const listed = { $typeName: typeName, pools, nextPageToken: "" };
    return printMessage(ListPoolsResponseSchema, listed);
  }
  printTable(
    ["POOL", "SLOTS", "RUNNING", "DEFERRED", "WAITING", "OPEN", "DESCRIPTION"],
    pools.map((it) => [
      it.name,
      slotsText(it),
      String(it.running),
      `${it.deferred}${it.includeDeferred ? "" : " (not counted)"}`,
      String(it.waiting),
      it.slots === 0 ? "-" : String(it.open),
      it.description,
    ]),
    "There are no pools.",
  );
}

async function showPool(name: string, _options: unknown, command: Command): Promise<void> {
  const { json, ...connection } = globalOptions(command);
  const { pool } = await (await connect(connection)).pools.getPool({ name });
  if (pool === undefined) return;
  if (json) return printMessage(PoolSchema, pool);
  print(`${colors.bold(pool.name)} ${pool.description}`.trimEnd());
  const facts: [string, string][] = [
    ["slots", slotsText(pool)],
    ["running", String(pool.running)],
    ["deferred", `${pool.deferred}, ${pool.includeDeferred ? "" : "not "}counted`],
    ["waiting", String(pool.waiting)],
    ["open", pool.slots === 0 ? "-" : String(pool.open)],
  ];
  for (const [fact, text] of facts) print(`${colors.dim(fact.padEnd(9))} ${text}`);
}

function slotsText({ slots }: Pool): string {
  return slots === 0 ? unlimited : String(slots);
}

async function createPool(name: string, options: ChangeOptions, command: Command): Promise<void> {
  const { json, ...connection } = globalOptions(command);
  const { slots, description = "", includeDeferred = false } = options;
  const answer = await (
    await connect(connection)
  ).pools.createPool({
    ...{ requestId: randomUUID(), name, description, includeDeferred },
    ...(typeof slots === "number" && { slots }),
  });
  if (json) return printMessage(CreatePoolResponseSchema, answer);
  say(`${colors.green("✔")} Made the pool ${name} (${String(slots)} slots).`);
}

async function updatePool(name: string, options: ChangeOptions, command: Command): Promise<void> {
  const { json, ...connection } = globalOptions(command);
  if (Object.keys(options).length === 0)
    throw new CommandFailure(
      ExitCode.usage,
      "Say what to change: --slots, --description, --include-deferred or --no-include-deferred.",
    );
  const { slots, description, includeDeferred } = options;
  const answer = await (
    await connect(connection)
  ).pools.updatePool({
    ...{ requestId: randomUUID(), name, unlimited: slots === unlimited },
    ...(typeof slots === "number" && { slots }),
    ...(description !== undefined && { description }),
    ...(includeDeferred !== undefined && { includeDeferred }),
  });
  if (json) return printMessage(UpdatePoolResponseSchema, answer);
  say(`${colors.green("✔")} Changed the pool ${name}.`);
}

async function deletePool(name: string, _options: unknown, command: Command): Promise<void> {
  const { json, ...connection } = globalOptions(command);
  const request = { requestId: randomUUID(), name };
  const answer = await (await connect(connection)).pools.deletePool(request);
  if (json) return printMessage(DeletePoolResponseSchema, answer);
  say(`${colors.green("✔")} Deleted the pool ${name}.`);
}
