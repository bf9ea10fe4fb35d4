/** `millrace runs mark`: shows what is open, asks, and ends the run as a person says. */
import {
  MarkDagRunResponseSchema,
  RunState,
  TaskState,
  type TaskInstance,
} from "@millrace/wire/v1";
import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import { confirm } from "../confirm.ts";
import { connect, type Connection } from "../connection.ts";
import { CommandFailure, ExitCode } from "../exit-codes.ts";
import { runStateWord, showState } from "../format.ts";
import { printMessage, say } from "../output.ts";
import { globalOptions } from "../program-options.ts";
import type { ConfirmOptions } from "./change-options.ts";
import { listAllTasks, printTasks } from "./tasks.ts";

export type MarkRunOptions = ConfirmOptions & { state: "success" | "failed" };

const rules = {
  success: "These become success; teardowns that are open still run.",
  failed:
    "Of these, what runs or waits for something fails, and what has not begun is skipped; teardowns that are open still run.",
};

export async function markRun(
  runId: string,
  { state, dryRun, yes }: MarkRunOptions,
  command: Command,
): Promise<void> {
  const { json, ...connection } = globalOptions(command);
  const client = await connect(connection);
  if (dryRun || !yes) {
    await showOpen(client, runId, state);
    if (dryRun) return;
    if (!(await confirm(`Mark ${runId} as ${state}?`)))
      throw new CommandFailure(ExitCode.interrupted, "Nothing was changed.");
  }
  const wanted = state === "success" ? RunState.SUCCESS : RunState.FAILED;
  const answer = await client.runs.markDagRun({ requestId: randomUUID(), runId, state: wanted });
  if (json) return printMessage(MarkDagRunResponseSchema, answer);
  const run = answer.run!;
  if (!run.endedAt) return say(`${runId} will be ${showState(state)} once its teardowns have run.`);
  const why = run.failure ? `: ${run.failure.message}` : "";
  say(`${runId} is ${showState(runStateWord(run.state))}${why}`);
}

/** The tasks that the mark is about. There is no dry run of it in the api. */
async function showOpen(
  client: Connection,
  runId: string,
  state: MarkRunOptions["state"],
): Promise<void> {
  const tasks = (await listAllTasks(client, runId)).filter((task) => isMeant(task, state));
  printTasks(tasks, "No task instance changes.");
  if (tasks.length > 0) say(rules[state]);
}

const final: ReadonlySet<TaskState> = new Set([
  ...[TaskState.SUCCESS, TaskState.FAILED, TaskState.SKIPPED],
  ...[TaskState.UPSTREAM_FAILED, TaskState.REMOVED],
]);

function isMeant({ mapped, state }: TaskInstance, to: MarkRunOptions["state"]): boolean {
  const states = mapped?.counts.length ? mapped.counts.map((one) => one.state) : [state];
  const stays = (one: TaskState): boolean =>
    to === "success" ? one === TaskState.SUCCESS || one === TaskState.REMOVED : final.has(one);
  return !states.every(stays);
}
