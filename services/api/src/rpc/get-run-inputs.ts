import { findInstances, readRunInputs, type RunRow } from "@millrace/db";
import {
  askedInstances,
  askInputs,
  foundIn,
  inputReference,
  instanceKeyOf,
  judgeInputs,
  RunState,
  type InputsSpec,
} from "@millrace/engine";
import type { Handler } from "@millrace/service";
import { inputSetToProto, runInstancesOfBytes, timestampOf } from "@millrace/wire";
import { RunInputsState, type DagRunService } from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { apiLimits } from "../limits.ts";
import { requireRun } from "../task-instance-reading.ts";

/** Of a run that waits: judged by the same rules as the scheduler's, from the same rows. */
export function getDagRunInputs(
  context: ApiContext,
): Handler<typeof DagRunService.method.getDagRunInputs> {
  return async ({ runId }) => {
    const { run, dag } = await requireRun(context, runId);
    const { inputs } = dag.spec;
    if (inputs === null) return { state: RunInputsState.NONE };
    const bytes = await readRunInputs(context.db, run.id);
    if (bytes !== null) return givenIn(bytes);
    if (run.state !== RunState.queued) return { state: RunInputsState.ENDED };
    return waitOf(context, run, inputs);
  };
}

function givenIn(bytes: Uint8Array) {
  const { inputs } = runInstancesOfBytes(bytes);
  return {
    state: RunInputsState.GIVEN,
    given: inputs.map(({ name, instances }) => ({
      name,
      instances: instances.slice(0, apiLimits.inputInstancesShown),
    })),
    givenCount: inputs.reduce((sum, { instances }) => sum + instances.length, 0),
  };
}

async function waitOf({ db }: ApiContext, run: RunRow, { term, timeoutMs }: InputsSpec) {
  const since = run.queued_at.getTime();
  const reference = inputReference({
    intervalEndAt: run.interval_end_at?.getTime() ?? null,
    logicalAt: run.logical_at?.getTime() ?? null,
    runAfter: run.run_after.getTime(),
  });
  const asked = askInputs(term, reference);
  const found = await findInstances(db, askedInstances(asked));
  const times = new Map(found.map((instance) => [instanceKeyOf(instance), instance.at]));
  const judged = judgeInputs(asked, foundIn(times), { now: Date.now(), since });
  return {
    state: RunInputsState.WAITING,
    sets: judged.sets.map(inputSetToProto),
    until: timestampOf(judged.until),
    timesOutAt: timestampOf(timeoutMs === null ? null : since + timeoutMs),
  };
}
