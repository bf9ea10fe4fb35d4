/** Clears or marks task instances of many runs: a command to the owner for each, some at a time. */

import { isMillraceError, MillraceError } from "@millrace/engine";
import type { InstancesChanged } from "@millrace/wire/internal";
import type { AffectedInstance, InstanceSelection, TaskState } from "@millrace/wire/v1";
import { create } from "@bufbuild/protobuf";
import { InstanceSelectionSchema } from "@millrace/wire/v1";
import type { SendOptions } from "./commands.ts";
import type { ApiContext } from "./context.ts";
import { apiLimits } from "./limits.ts";
import type { RunRef } from "./runs-meant.ts";

export type Asked = {
  readonly kind: "clearInstances" | "markInstances";
  readonly selection: InstanceSelection | undefined;
  /** With `markInstances`. */
  readonly state?: TaskState;
};

export type ChangeAsked = Asked & {
  readonly principal: string;
  readonly bodyHash: Uint8Array;
  requestIdFor(runKey: number): string;
  readonly isDryRun: boolean;
};

/** Tasks of a run that have changed, and mark tasks of other DAGs. */
export type Marking = { readonly runKey: number; readonly taskIds: readonly string[] };

/** What a change came to, over all runs. `affected` are the first; `marking` is of all. */
export type Changed = {
  readonly affected: AffectedInstance[];
  readonly affectedCount: number;
  readonly marking: readonly Marking[];
};

type Answer = Pick<InstancesChanged, "affected" | "affectedCount" | "markingTaskIds">;

/**
 * Changes the runs in their order. What the first does not have is refused; of the others, which may be of other versions
 * of the DAG or be deleted meanwhile, what they have is changed.
 *
 * @throws MillraceError RUN_NOT_FOUND, TASK_NOT_FOUND, NOT_OWNER
 */
export async function changeRuns(
  { commands }: Pick<ApiContext, "commands">,
  options: SendOptions,
  runs: readonly RunRef[],
  asked: ChangeAsked,
): Promise<Changed> {
  const affected: AffectedInstance[] = [];
  const marking: Marking[] = [];
  let affectedCount = 0;
  for (let at = 0; at < runs.length; at += apiLimits.changedRunsAtOnce) {
    const some = runs.slice(at, at + apiLimits.changedRunsAtOnce);
    const answers = await Promise.all(
      some.map((run, index) => {
        const isNamed = at + index === 0;
        return isNamed ? ask(run, asked.selection) : changeOther(run, asked.selection);
      }),
    );
    for (const [index, answer] of answers.entries()) {
      const { markingTaskIds: taskIds } = answer;
      if (taskIds.length > 0) marking.push({ runKey: some[index]?.id ?? 0, taskIds });
      affected.push(...answer.affected.slice(0, apiLimits.affectedMax - affected.length));
      affectedCount += answer.affectedCount;
    }
  }
  return { affected, affectedCount, marking };

  async function ask(run: RunRef, selection: InstanceSelection | undefined): Promise<Answer> {
    const value = {
      runKey: BigInt(run.id),
      ...(selection && { selection }),
      ...(asked.state && { state: asked.state }),
      dryRun: asked.isDryRun,
    };
    const { principal, bodyHash } = asked;
    const requestId = asked.requestIdFor(run.id);
    const command = { principal, requestId, bodyHash, command: { case: asked.kind, value } };
    const { reply } = await commands.send(run.shard, command, {
      signal: options.signal,
      answerMs: apiLimits.changeAnswerMs,
    });
    if (reply.case === "instancesChanged") return reply.value;
    throw new MillraceError("INTERNAL", undefined, {
      cause: new Error(`owner replied ${reply.case}`),
    });
  }

  async function changeOther(
    run: RunRef,
    selection: InstanceSelection | undefined,
  ): Promise<Answer> {
    try {
      return await ask(run, selection);
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      if (error.reason === "RUN_NOT_FOUND") return nothing;
      if (error.reason !== "TASK_NOT_FOUND" || selection === undefined) throw error;
      const rest = without(selection, error.metadata);
      if (rest.length === selection.instances.length) throw error;
      // No entries would mean everything.
      if (rest.length === 0) return nothing;
      return changeOther(run, create(InstanceSelectionSchema, { ...selection, instances: rest }));
    }
  }
}

const nothing: Answer = { affected: [], affectedCount: 0, markingTaskIds: [] };

/** Leaves out what a refusal says is not there. */
function without(
  { instances }: InstanceSelection,
  { task_id: taskId, map_index: mapIndex = "-1" }: Readonly<Record<string, string>>,
): InstanceSelection["instances"] {
  return instances.filter(
    (each) =>
      each.taskId !== taskId || (mapIndex !== "-1" && String(each.mapIndex ?? "") !== mapIndex),
  );
}
