/** What commands that change task instances take: which ones are meant, and whether to ask first. */
import { InvalidArgumentError, type Command } from "commander";

/** A task as people write it: `load`, or `load[3]` for one instance of a mapped task. */
export type TaskRef = { readonly taskId: string; readonly mapIndex?: number };

export type ReachOptions = { past?: boolean; future?: boolean };
export type ConfirmOptions = { dryRun?: boolean; yes?: boolean };

const mapIndexMax = 2 ** 31 - 1;
/** Task instances that are shown of what would change; the rest is counted. */
export const affectedShownMax = 50;

/** @throws InvalidArgumentError when the index is none. */
export function taskRef(text: string): TaskRef {
  const [, taskId, index] = /^([^[\]]+)(?:\[(\d+)\])?$/.exec(text) ?? [];
  if (taskId !== undefined && index === undefined) return { taskId };
  if (taskId !== undefined && Number(index) <= mapIndexMax)
    return { taskId, mapIndex: Number(index) };
  throw new InvalidArgumentError('Write a task id, or "load[3]" for an instance of a mapped task.');
}

/** For arguments that may be given several times. */
export function collectTaskRef(text: string, earlier: readonly TaskRef[] | undefined): TaskRef[] {
  return [...(earlier ?? []), taskRef(text)];
}

export function addReachOptions(command: Command): Command {
  return command
    .option("--past", "also in the runs of the DAG with an earlier logical date")
    .option("--future", "also in the runs of the DAG with a later logical date");
}

export function addConfirmOptions(command: Command): Command {
  return command
    .option("--dry-run", "change nothing, show what would change")
    .option("-y, --yes", "do not ask");
}
