/** Triggers a DAG as soon as it is registered, shows its progress, and prints what chosen tasks returned. */
import { Code, ConnectError } from "@connectrpc/connect";
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Connection } from "../connection.ts";
import { CommandFailure, ExitCode } from "../exit-codes.ts";
import { print as printLine, printJsonLine } from "../output.ts";
import { watchRun } from "../watch.ts";

export type RunOnceOptions = {
  readonly print: readonly string[];
  readonly json: boolean;
  /** Aborts when the process is stopping. */
  readonly signal: AbortSignal;
};

const registerLimitMs = 60_000;
const pollMs = 25;

export async function runOnce(
  client: Connection,
  dagId: string,
  { print, json, signal }: RunOnceOptions,
): Promise<void> {
  let runId: string;
  try {
    runId = await triggerWhenThere(client, dagId, signal);
    await watchRun(client, runId, { json, signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new CommandFailure(ExitCode.interrupted, `Stopped before ${dagId} had ended.`);
  }
  for (const taskId of print) {
    const returned = await returnedBy(client, runId, taskId);
    if (returned === undefined) continue;
    if (json) printJsonLine({ taskId, returned });
    else printLine(`${taskId}: ${JSON.stringify(returned, null, 2)}`);
  }
}

/** The worker registers the DAG folder a moment after the server is up. */
async function triggerWhenThere(
  client: Connection,
  dagId: string,
  signal: AbortSignal,
): Promise<string> {
  const requestId = randomUUID();
  const until = performance.now() + registerLimitMs;
  for (;;) {
    try {
      const { run } = await client.runs.triggerDagRun({ requestId, dagId }, { signal });
      return run!.runId;
    } catch (error) {
      const isYoung = error instanceof ConnectError && error.code === Code.NotFound;
      if (!isYoung) throw error;
      const { errors } = await client.dags.listImportErrors({});
      const about = errors.map((it) => `\n  ${it.file}: ${it.message}`).join("");
      if (performance.now() > until || errors.some((it) => it.file.includes(dagId))) {
        throw new CommandFailure(
          ExitCode.notFound,
          `No DAG "${dagId}" was found in the DAG folder.${about}`,
        );
      }
    }
    await delay(pollMs, undefined, { signal });
  }
}

async function returnedBy(client: Connection, runId: string, taskId: string): Promise<unknown> {
  const { xcoms } = await client.tasks.listXComs({ runId, taskId });
  const returned = xcoms.find((it) => it.key === "return_value");
  if (returned === undefined) return undefined;
  const data = returned.value?.data ?? (await wholeValue(client, runId, taskId));
  return JSON.parse(new TextDecoder().decode(data));
}

/** A value that is too long for a list. */
async function wholeValue(client: Connection, runId: string, taskId: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const { content } of client.tasks.readXCom({ runId, taskId })) pieces.push(content);
  return Buffer.concat(pieces);
}
