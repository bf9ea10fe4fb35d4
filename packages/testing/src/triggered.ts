/** Runs of other DAGs that bodies ask for: really run where the test gives their DAGs, else noted only. */

import type { InstanceRef, RunStateName } from "@millrace/engine";
import { judgeExternal } from "@millrace/engine";
import type { Answer, DagDefinition, TriggerRequest } from "@millrace/sdk/spec";
import { decodeValue } from "@millrace/sdk/spec";
import { fulfil, waitOf } from "./end-wait.ts";
import type { MemoryRun, RunsOfOthers } from "./memory-run.ts";
import type { TriggeredResult } from "./triggered-result.ts";

/** A run that was really run, as its parent needs it. */
export type ChildRun = {
  readonly state: RunStateName;
  readonly name: string;
  readonly tookMs: number;
};

/** Runs a child to its end. */
export type RunChild = (
  definition: DagDefinition,
  request: TriggerRequest,
  parent: MemoryRun,
) => Promise<ChildRun>;

type Made = TriggeredResult & {
  readonly owner: string;
  readonly attempt: number;
  child: ChildRun | null;
};

export class Triggered implements RunsOfOthers {
  readonly #dags: ReadonlyMap<string, DagDefinition>;
  readonly #depth: number;
  readonly #runChild: RunChild;
  readonly #made: Made[] = [];

  constructor(dags: readonly DagDefinition[], depth: number, runChild: RunChild) {
    this.#dags = new Map(dags.map((one) => [one.id, one]));
    this.#depth = depth;
    this.#runChild = runChild;
  }

  get all(): readonly TriggeredResult[] {
    return this.#made.map(({ owner: _owner, attempt: _attempt, child, ...told }) => ({
      ...told,
      state: child?.state ?? "queued",
    }));
  }

  /** In the place of a server: the same rules, but for dates that are taken. */
  async answer(
    run: MemoryRun,
    request: TriggerRequest,
    { ref, attempt }: { readonly ref: InstanceRef; readonly attempt: number },
  ): Promise<Answer> {
    const { dagId } = request;
    const taskId = run.dag.taskIds[ref.ix]!;
    const refusal = this.#refusal(run, request, ref.ix);
    if (refusal !== null) return refusal;
    const owner = `${taskId} ${ref.mapIx} ${dagId}`;
    const before = this.#made.findLast((one) => one.owner === owner);
    const isSame = before?.attempt === attempt;
    const goesOn = before !== undefined && (isSame || request.ifMade === "continue");
    if (before !== undefined && goesOn) {
      // What failed runs again: here the whole run does.
      if (!isSame && before.child?.state === "failed") before.child = await this.#run(run, request);
      return answerWith(before, isSame ? "made" : "continued");
    }
    const made: Made = {
      ...{ dagId, taskId, owner, attempt, note: request.note, state: "queued" },
      runId: `run_${this.#made.length + 1}`,
      mapIndex: ref.mapIx < 0 ? null : ref.mapIx,
      params: decodeValue(request.params, `the params for DAG "${dagId}"`),
      logicalDate: request.logicalDate === null ? null : new Date(request.logicalDate),
      child: null,
    };
    this.#made.push(made);
    made.child = await this.#run(run, request);
    return answerWith(made, "made");
  }

  #refusal(run: MemoryRun, { dagId, maxDepth }: TriggerRequest, ix: number): Answer | null {
    const task = run.dag.tasks[ix]!;
    if (!task.triggersDagIds.includes(dagId))
      return {
        kind: "refused",
        reason: "TRIGGER_NOT_DECLARED",
        message: `Task "${task.id}" wants to trigger "${dagId}", which it does not say; add it to the task's option triggers.`,
      };
    if (this.#depth < maxDepth) return null;
    return {
      kind: "refused",
      reason: "TRIGGER_TOO_DEEP",
      message: `Task "${task.id}" would trigger "${dagId}" deeper than maxDepth ${maxDepth} allows; end the circle, or raise maxDepth.`,
    };
  }

  async #run(run: MemoryRun, request: TriggerRequest): Promise<ChildRun | null> {
    const definition = this.#dags.get(request.dagId);
    return definition === undefined ? null : this.#runChild(definition, request, run);
  }

  /** An instance has begun to wait: where that is for a run of here, it ends when that has. */
  onWait(run: MemoryRun, ref: InstanceRef): void {
    const wait = waitOf(run, ref);
    const trigger = wait?.order.trigger;
    if (wait === null || trigger?.kind !== "runs") return;
    const made = this.#made.find(({ runId }) => runId === trigger.wait.runId);
    if (made?.child === undefined || made.child === null) return;
    const { child } = made;
    const { dagId, runId } = made;
    const logicalDate = made.logicalDate?.getTime() ?? null;
    const found = { runId, runName: child.name, logicalDate, state: child.state, parts: [] };
    const verdict = judgeExternal(trigger.wait, {
      ...{ dag: "there", unknownTaskIds: [], unknownGroupIds: [] },
      runs: [found],
    });
    run.clock.at(run.clock.now + child.tookMs, () => {
      if (waitOf(run, ref) !== wait) return;
      const about = { ...ref, attempt: wait.attempt, at: run.clock.now };
      if (verdict.kind === "failed")
        run.apply({ kind: "waitFailed", ...about, failure: verdict.failure });
      else if (verdict.kind === "skipped") run.apply({ kind: "waitSkipped", ...about });
      else if (verdict.kind === "fulfilled")
        fulfil(run, ref, wait, {
          dagId,
          runId,
          runName: child.name,
          logicalDate: made.logicalDate,
          state: child.state,
        });
    });
  }
}

function answerWith(
  { runId, child }: Made,
  outcome: Extract<Answer, { kind: "triggered" }>["run"]["outcome"],
): Answer {
  // A child that has ended already does so, for its parent, after the time that it took.
  return {
    kind: "triggered",
    run: { runId, runName: child?.name ?? runId, state: "queued", outcome },
  };
}
