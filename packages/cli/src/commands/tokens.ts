/** `millrace tokens …`: ends the wait of whichever task has the token, from anywhere; no key is needed. */
import { randomUUID } from "node:crypto";
import { text } from "node:stream/consumers";
import {
  CompleteTaskTokenResponseSchema,
  HeartbeatTaskTokenResponseSchema,
} from "@millrace/wire/v1";
import type { Command } from "commander";
import { colors } from "../colors.ts";
import { connect } from "../connection.ts";
import { printMessage, say } from "../output.ts";
import { globalOptions } from "../program-options.ts";
import { jsonText } from "./parse-options.ts";

type SucceedOptions = { value?: string };
type FailOptions = { message: string; type?: string; retry: boolean };

const aToken = 'the token; "-" reads it from stdin, where no list of processes shows it';
/** An owner lets a task that still runs have 25 s to begin waiting. */
const callTimeoutMs = 60_000;

export function addTokenCommands(program: Command): void {
  const tokens = program
    .command("tokens")
    .description("end the wait of a task by its token, or keep it alive; no key is needed");
  tokens
    .command("succeed")
    .description("the work outside is done: the task gets the value")
    .argument("<token>", aToken)
    .option("--value <json>", "the value as JSON (default: none)", jsonText)
    .action(succeed);
  tokens
    .command("fail")
    .description("the work outside failed: the task fails, and has its retries")
    .argument("<token>", aToken)
    .requiredOption("--message <text>", "why, in one sentence")
    .option("--type <name>", "the error's class")
    .option("--no-retry", "another try of the task cannot help")
    .action(fail);
  tokens
    .command("heartbeat")
    .description("the work outside goes on: the wait does not time out for want of a heartbeat")
    .argument("<token>", aToken)
    .action(beat);
}

async function succeed(given: string, { value }: SucceedOptions, command: Command): Promise<void> {
  const data = new TextEncoder().encode(value ?? "");
  const outcome = { case: "success", value: { data } } as const;
  await complete(given, outcome, command);
}

async function fail(
  given: string,
  { message, type = "", retry: retryable }: FailOptions,
  command: Command,
): Promise<void> {
  const outcome = { case: "failure", value: { message, type, retryable } } as const;
  await complete(given, outcome, command);
}

type Outcome =
  | { readonly case: "success"; readonly value: { readonly data: Uint8Array<ArrayBuffer> } }
  | {
      readonly case: "failure";
      readonly value: {
        readonly message: string;
        readonly type: string;
        readonly retryable: boolean;
      };
    };

async function complete(given: string, outcome: Outcome, command: Command): Promise<void> {
  const { json, ...connection } = globalOptions(command);
  const token = await tokenOf(given);
  const { tasks } = await connect(connection);
  const request = { requestId: randomUUID(), token, outcome };
  const answer = await tasks.completeTaskToken(request, { timeoutMs: callTimeoutMs });
  if (json) return printMessage(CompleteTaskTokenResponseSchema, answer);
  say(`${colors.green("✔")} The task goes on.`);
}

async function beat(given: string, _options: unknown, command: Command): Promise<void> {
  const { json, ...connection } = globalOptions(command);
  const token = await tokenOf(given);
  const { tasks } = await connect(connection);
  const request = { requestId: randomUUID(), token };
  const answer = await tasks.heartbeatTaskToken(request, { timeoutMs: callTimeoutMs });
  if (json) return printMessage(HeartbeatTaskTokenResponseSchema, answer);
  say(`${colors.green("✔")} The task goes on waiting.`);
}

async function tokenOf(given: string): Promise<string> {
  return given === "-" ? (await text(process.stdin)).trim() : given;
}
