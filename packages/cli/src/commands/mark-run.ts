/** `millrace runs mark`: shows what is open, asks, and ends the run as a person says. */
import {
  MarkDagRunResponseSchema,
  RunState,
  type AffectedInstance,
  type MarkDagRunResponse,
} from "@millrace/wire/v1";
import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import { confirm } from "../confirm.ts";
import { CommandFailure, ExitCode } from "../exit-codes.ts";
import { instanceName, runStateWord, showState, taskStateWord } from "../format.ts";
import { printMessage, printTable, say } from "../output.ts";
import { reach } from "../program-options.ts";
import { affectedShownMax, type ConfirmOptions } from "./change-options.ts";

export type MarkRunOptions = ConfirmOptions & { state: "success" | "failed" };

export async function markRun(
  runId: string,
  { state, dryRun, yes }: MarkRunOptions,
  command: Command,
): Promise<void> {
  const { client, json } = await reach(command);
  const wanted = state === "success" ? RunState.SUCCESS : RunState.FAILED;
  if (dryRun || !yes) {
    const plan = await client.runs.markDagRun({ runId, state: wanted, dryRun: true });
    if (json && dryRun) return printMessage(MarkDagRunResponseSchema, plan);
    if (!json) showPlan(plan);
    if (dryRun) return;
    if (!(await confirm(`Mark ${runId} as ${state}?`)))
      throw new CommandFailure(ExitCode.interrupted, "Nothing was changed.");
  }
  const answer = await client.runs.markDagRun({ requestId: randomUUID(), runId, state: wanted });
  if (json) return printMessage(MarkDagRunResponseSchema, answer);
  const run = answer.run!;
  if (!run.endedAt) return say(`${runId} will be ${showState(state)} once its teardowns have run.`);
  const why = run.failure ? `: ${run.failure.message}` : "";
  say(`${runId} is ${showState(runStateWord(run.state))}${why}`);
}

function showPlan({ affected, affectedCount, counts }: MarkDagRunResponse): void {
  const word = (state: AffectedInstance["state"]): string => showState(taskStateWord(state));
  printTable(
    ["TASK", "STATE", "BECOMES"],
    affected
      .slice(0, affectedShownMax)
      .map((each) => [instanceName(each), word(each.state), word(each.nextState)]),
    "No task instance changes.",
  );
  if (affectedCount > affectedShownMax)
    for (const { state, nextState, count } of counts)
      say(`${count} in all: ${word(state)} becomes ${word(nextState)}`);
  if (affectedCount > 0) say("Teardowns that are open still run.");
}
