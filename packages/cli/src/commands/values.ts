/** `millrace tasks values`: what task instances have left for others, as docs/codec.md writes it. */
import { ListXComsResponseSchema } from "@millrace/wire/v1";
import type { Command } from "commander";
import type { Connection } from "../connection.ts";
import { print, printMessage, printTable } from "../output.ts";
import { reach } from "../program-options.ts";
import { mapIndexOption, notMapped } from "./parse-options.ts";

type ValueOptions = { key?: string; mapIndex?: number };
type Of = { readonly runId: string; readonly taskId: string; readonly mapIndex: number };

const returnKey = "return_value";
/** Characters of a value in a table. */
const shownChars = 200;
/** A value may have 64 MiB, and the way may be slow. */
const transferTimeoutMs = 600_000;

export function addValuesCommand(tasks: Command): void {
  tasks
    .command("values")
    .description("print what a task instance returned and left under keys")
    .argument("<run-id>")
    .argument("<task-id>")
    .option(
      "--key <key>",
      'this value alone and whole, as JSON; "return_value" is what it returned',
    )
    .addOption(mapIndexOption())
    .action(printValues);
}

async function printValues(
  runId: string,
  taskId: string,
  { key, mapIndex = notMapped }: ValueOptions,
  command: Command,
): Promise<void> {
  const { client, json } = await reach(command);
  const of = { runId, taskId, mapIndex };
  if (key !== undefined) return print(await readWhole(client, of, key));
  const answer = await client.tasks.listXComs(of);
  if (json) return printMessage(ListXComsResponseSchema, answer);
  printTable(
    ["KEY", "BYTES", "VALUE"],
    answer.xcoms.map(({ key: name, size, value }) => [
      name,
      String(size),
      value === undefined ? `see it with --key ${name}` : cut(textOf(value.data)),
    ]),
    `${taskId} has left nothing.`,
  );
}

/**
 * What a task that is not mapped returned, as far as it fits into a line; null when it returned nothing, or is mapped.
 */
export async function returnedText(
  { tasks }: Connection,
  of: { readonly runId: string; readonly taskId: string },
): Promise<string | null> {
  const { xcoms } = await tasks.listXComs({ ...of, mapIndex: notMapped });
  const found = xcoms.find(({ key }) => key === returnKey);
  if (found === undefined) return null;
  return found.value === undefined ? `${found.size} bytes` : cut(textOf(found.value.data));
}

async function readWhole({ tasks }: Connection, of: Of, key: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const { content } of tasks.readXCom({ ...of, key }, { timeoutMs: transferTimeoutMs }))
    pieces.push(content);
  return textOf(Buffer.concat(pieces));
}

function textOf(data: Uint8Array): string {
  return new TextDecoder().decode(data);
}

function cut(text: string): string {
  return text.length > shownChars ? `${text.slice(0, shownChars)}…` : text;
}
