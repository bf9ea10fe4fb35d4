/** The sentences of `explain` about runs of other DAGs that a task waits for. */

import type { Limits } from "../admission/limits.ts";
import { plain, type Reason } from "../admission/reasons.ts";
import type { InstanceRef } from "../run/run.ts";
import type { EpochMs } from "../spec/spec.ts";
import { endOfPart } from "./judge-external.ts";
import type { ExternalFound, ExternalRun, ExternalWait } from "./wait.ts";

const toldMax = 20;

/** One for each run that is not there, or not as it has to be; at most 20. Never empty. */
export function externalReasons(wait: ExternalWait, ref: InstanceRef, limits: Limits): Reason[] {
  const found = limits.externalOf(ref);
  if (found === null) {
    const message = `It waits for ${whatText(wait)} of DAG "${wait.dagId}", which is about to be looked at.`;
    return [plain("external_run", message, { dag_id: wait.dagId })];
  }
  if (found.dag === "missing" || found.dag === "inactive") return [noDag(wait, found)];
  const unknown = [...found.unknownTaskIds, ...found.unknownGroupIds];
  const reasons = [
    ...(unknown.length > 0 ? [noPart(wait, unknown)] : []),
    ...missingRuns(wait, found),
    ...found.runs.filter((run) => !isThere(wait, run)).map((run) => openRun(wait, run)),
  ];
  if (reasons.length === 0) reasons.push(openRun(wait, found.runs[0]));
  return reasons.slice(0, toldMax);
}

function noDag({ dagId }: ExternalWait, { dag }: ExternalFound): Reason {
  const why = dag === "missing" ? "does not exist" : "is not in its folder any more";
  const message = `It waits for DAG "${dagId}", which ${why}.`;
  return plain("external_missing", message, { dag_id: dagId, dag });
}

function noPart({ dagId }: ExternalWait, ids: readonly string[]): Reason {
  const named = ids.slice(0, toldMax).map((id) => `"${id}"`);
  const message = `It waits for ${named.join(", ")} of DAG "${dagId}", whose newest version has none of this name.`;
  return plain("external_missing", message, {
    dag_id: dagId,
    missing: ids.slice(0, toldMax).join(", "),
  });
}

function missingRuns(wait: ExternalWait, { runs }: ExternalFound): Reason[] {
  const { dagId, runId } = wait;
  if (runId !== null) {
    if (runs.length > 0) return [];
    const message = `It waits for run ${runId} of DAG "${dagId}", which does not exist any more.`;
    return [plain("external_missing", message, { dag_id: dagId, run_id: runId })];
  }
  const there = new Set(runs.map((run) => run.logicalDate));
  return wait.logicalDates
    .filter((date) => !there.has(date))
    .slice(0, toldMax)
    .map((date) => {
      const message = `It waits for ${whatText(wait)} of DAG "${dagId}" with the logical date ${isoText(date)}, which does not exist yet.`;
      return plain("external_missing", message, { dag_id: dagId, logical_date: isoText(date) });
    });
}

function openRun(wait: ExternalWait, run: ExternalRun | undefined): Reason {
  const { dagId } = wait;
  if (run === undefined)
    return plain("external_run", `It waits for DAG "${dagId}".`, { dag_id: dagId });
  const open = run.parts.filter((part) => !isAllowed(wait, endOfPart(part)));
  const evidence = {
    dag_id: dagId,
    run_id: run.runId,
    run_name: run.runName,
    state: run.state,
    ...(run.logicalDate === null ? {} : { logical_date: isoText(run.logicalDate) }),
    ...(open.length === 0
      ? {}
      : {
          external_ids: open
            .map(({ id }) => id)
            .slice(0, toldMax)
            .join(", "),
        }),
  };
  const named = open
    .slice(0, toldMax)
    .map((part) => `${part.kind} "${part.id}" (${stateText(part.counts)})`);
  const what = named.length === 0 ? "" : `${named.join(", ")} in `;
  const message = `It waits for ${what}run ${run.runName} of DAG "${dagId}", which is ${run.state}.`;
  return plain("external_run", message, evidence);
}

function isThere(wait: ExternalWait, run: ExternalRun): boolean {
  if (run.parts.length > 0) return run.parts.every((part) => isAllowed(wait, endOfPart(part)));
  return isAllowed(wait, run.state);
}

function isAllowed({ allowed }: ExternalWait, end: string | null): boolean {
  return end !== null && (allowed as readonly string[]).includes(end);
}

function stateText(counts: ExternalRun["parts"][number]["counts"]): string {
  const states = Object.entries(counts).filter(([, count]) => count > 0);
  if (states.length === 0) return "not in this run";
  if (states.length === 1)
    return states[0]![1] === 1 ? states[0]![0] : `${states[0]![1]} ${states[0]![0]}`;
  return states.map(([state, count]) => `${count} ${state}`).join(", ");
}

function whatText({ taskIds, groupIds }: ExternalWait): string {
  const named = [...taskIds, ...groupIds];
  if (named.length === 0) return "a run";
  return `${named
    .slice(0, 5)
    .map((id) => `"${id}"`)
    .join(", ")}${named.length > 5 ? ", …" : ""} in a run`;
}

function isoText(date: EpochMs): string {
  return new Date(date).toISOString();
}
