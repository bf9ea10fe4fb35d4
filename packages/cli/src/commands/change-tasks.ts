/** `millrace tasks clear`, `tasks mark`, `runs clear` and `runs retry`: show what would change, ask, change it. */
import {
  ClearTaskInstancesResponseSchema,
  MarkTaskInstancesResponseSchema,
  TaskState,
  type AffectedInstance,
} from "@millrace/wire/v1";
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { Command } from "commander";
import { randomUUID } from "node:crypto";
import { colors } from "../colors.ts";
import { confirm } from "../confirm.ts";
import type { Connection } from "../connection.ts";
import { CommandFailure, ExitCode } from "../exit-codes.ts";
import { instanceName, showState, taskStateWord } from "../format.ts";
import { printMessage, printTable, say } from "../output.ts";
import { reach } from "../program-options.ts";
import {
  affectedShownMax,
  type ConfirmOptions,
  type ReachOptions,
  type TaskRef,
} from "./change-options.ts";

export type SelectOptions = { upstream?: boolean; downstream?: boolean; onlyFailed?: boolean };
type ChangeOptions = SelectOptions & ReachOptions & ConfirmOptions;

/** Many runs may be changed by one call. */
const changeTimeoutMs = 10 * 60_000;

/** What "only failed" means. */
const failedStates = [TaskState.FAILED, TaskState.UPSTREAM_FAILED];

const outcomes = {
  success: TaskState.SUCCESS,
  failed: TaskState.FAILED,
  skipped: TaskState.SKIPPED,
} as const;
export type Outcome = keyof typeof outcomes;
export const outcomeWords = Object.keys(outcomes) as Outcome[];

/** Clears task instances of a run; all of it when no task is named. */
export async function clearTasks(
  runId: string,
  tasks: readonly TaskRef[],
  options: ChangeOptions,
  command: Command,
): Promise<void> {
  const request = requestOf(runId, tasks, options);
  await change(command, options, {
    schema: ClearTaskInstancesResponseSchema,
    verb: "clear",
    done: "Cleared",
    call: (client, more) =>
      client.tasks.clearTaskInstances({ ...request, ...more }, { timeoutMs: changeTimeoutMs }),
    after: `Follow it: millrace runs watch ${runId}`,
  });
}

/** Says what the outcome of task instances is. */
export async function markTasks(
  runId: string,
  tasks: readonly TaskRef[],
  options: ChangeOptions & { state: Outcome },
  command: Command,
): Promise<void> {
  const request = { ...requestOf(runId, tasks, options), state: outcomes[options.state] };
  await change(command, options, {
    schema: MarkTaskInstancesResponseSchema,
    verb: `mark as ${options.state}`,
    done: `Marked as ${options.state}`,
    call: (client, more) =>
      client.tasks.markTaskInstances({ ...request, ...more }, { timeoutMs: changeTimeoutMs }),
    after: "",
  });
}

function requestOf(runId: string, tasks: readonly TaskRef[], options: ChangeOptions) {
  return {
    runId,
    selection: {
      instances: [...tasks],
      upstream: options.upstream ?? false,
      downstream: options.downstream ?? false,
      states: options.onlyFailed ? failedStates : [],
    },
    past: options.past ?? false,
    future: options.future ?? false,
  };
}

type Affected = { readonly affected: AffectedInstance[]; readonly affectedCount: number };

type Change<D extends DescMessage> = {
  readonly schema: D;
  readonly verb: string;
  readonly done: string;
  readonly after: string;
  call(
    client: Connection,
    more: { readonly requestId: string; readonly dryRun: boolean },
  ): Promise<MessageShape<D> & Affected>;
};

async function change<D extends DescMessage>(
  command: Command,
  options: ConfirmOptions,
  { schema, verb, done, after, call }: Change<D>,
): Promise<void> {
  const { client, json } = await reach(command);
  if (options.dryRun || !options.yes) {
    const plan = await call(client, { requestId: "", dryRun: true });
    if (json && options.dryRun) return printMessage(schema, plan);
    if (!json) showAffected(plan);
    else say(`${showCount(plan)} would change.`);
    if (options.dryRun || plan.affectedCount === 0) return;
    const question = `${verb[0]?.toUpperCase()}${verb.slice(1)}: ${showCount(plan)}?`;
    if (!(await confirm(question)))
      throw new CommandFailure(ExitCode.interrupted, "Nothing was changed.");
  }
  const answer = await call(client, { requestId: randomUUID(), dryRun: false });
  if (json) return printMessage(schema, answer);
  if (options.yes) showAffected(answer);
  if (answer.affectedCount > 0)
    say(`${colors.green("✔")} ${done}: ${showCount(answer)}. ${after}`.trimEnd());
}

function showAffected({ affected, affectedCount }: Affected): void {
  printTable(
    ["RUN", "TASK", "STATE", ""],
    affected
      .slice(0, affectedShownMax)
      .map((each) => [
        each.runId,
        instanceName(each),
        showState(taskStateWord(each.state)),
        each.isImplied ? colors.dim("goes with the others") : "",
      ]),
    "Nothing to change.",
  );
  const rest = affectedCount - Math.min(affected.length, affectedShownMax);
  if (rest > 0) say(`… and ${rest} more.`);
}

function showCount({ affected, affectedCount }: Affected): string {
  const runs = new Set(affected.map(({ runId }) => runId)).size;
  const more = affected.length < affectedCount ? "at least " : "";
  const of = runs > 1 ? ` of ${more}${runs} runs` : "";
  return `${affectedCount} task instance${affectedCount === 1 ? "" : "s"}${of}`;
}
