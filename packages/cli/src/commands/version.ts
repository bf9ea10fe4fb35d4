/** `millrace version` */
import type { Command } from "commander";
import { print, printJson, say } from "../output.ts";
import { reach } from "../program-options.ts";
import { cliVersion } from "../package.ts";

/** A server that takes longer counts as none. */
const answerTimeoutMs = 3_000;

export function addVersionCommand(program: Command): void {
  program
    .command("version")
    .description("print the version of this command, and of the server where one answers")
    .action(printVersion);
}

async function printVersion(_options: unknown, command: Command): Promise<void> {
  const { client, json } = await reach(command);
  const server = await client.system.getVersion({}, { timeoutMs: answerTimeoutMs }).then(
    (answer) => ({ version: answer.version, workerProtocol: answer.workerProtocol }),
    (error: Error) => ({ unreachable: error.message }),
  );
  if (json) return printJson({ cli: cliVersion(), node: process.version, url: client.url, server });
  print(`millrace ${cliVersion()}`);
  say(
    "version" in server
      ? `server ${server.version} at ${client.url}, worker protocol ${server.workerProtocol}`
      : `no server answers at ${client.url}`,
  );
}
