/** Where the things are that a reason names: what holds something is a step away. */
import type { Reason } from "@millrace/wire/v1";
import { assetHref } from "./assets.ts";

export type Place = { readonly href: string; readonly label: string };

export type Evidence = {
  readonly places: readonly Place[];
  /** What leads nowhere: numbers, states, names. */
  readonly facts: readonly (readonly [name: string, value: string])[];
};

/** Such as "etl run_7 load[3]". */
const holderPattern = /^(\S+) (run_\w+) (.+?)(?:\[(\d+)\])?$/;

/** Facts are named as the api names them, with spaces. */
export function evidenceOf({ evidence }: Pick<Reason, "evidence">): Evidence {
  const places: Place[] = [];
  const linked = new Set<string>();
  const lead = (names: readonly string[], ...found: readonly Place[]): void => {
    for (const name of names) linked.add(name);
    places.push(...found);
  };
  const { run_id: runId, run_name: runName, task_id: taskId, map_index: mapIndex } = evidence;
  const { dag_id: dagId, dag, backfill_id: backfillId, uri, pool, held_by: holders } = evidence;
  if (runId !== undefined) {
    const run = runName ?? runId;
    const task = taskId === undefined ? null : instanceName(taskId, mapIndex);
    const label = task === null ? `Run ${run}` : `${task} in ${run}`;
    lead(["run_id", "run_name", "task_id", "map_index"], {
      ...{ href: runHref(runId, taskId, mapIndex), label },
    });
  }
  if (dagId !== undefined && dag !== "missing")
    lead(["dag_id"], { href: `/dags/${encodeURIComponent(dagId)}`, label: `DAG ${dagId}` });
  if (backfillId !== undefined)
    lead(["backfill_id"], { href: `/backfills/${backfillId}`, label: `Backfill ${backfillId}` });
  if (uri !== undefined) lead(["uri"], { href: assetHref(uri), label: `Asset ${uri}` });
  if (pool !== undefined) lead(["pool"], { href: "/pools", label: `Pool ${pool}` });
  if (holders !== undefined) lead(["held_by"], ...holders.split(", ").flatMap(placeOfHolder));
  const facts = Object.entries(evidence).filter(([name]) => !linked.has(name));
  return { places, facts: facts.map(([name, value]) => [name.replaceAll("_", " "), value]) };
}

function placeOfHolder(holder: string): Place[] {
  const [, dagId, runId, taskId, mapIndex] = holderPattern.exec(holder) ?? [];
  if (dagId === undefined || runId === undefined || taskId === undefined) return [];
  const label = `${instanceName(taskId, mapIndex)} of ${dagId}, ${runId}`;
  return [{ href: runHref(runId, taskId, mapIndex), label }];
}

function instanceName(taskId: string, mapIndex: string | undefined): string {
  return mapIndex === undefined ? taskId : `${taskId}[${mapIndex}]`;
}

function runHref(runId: string, taskId?: string, mapIndex?: string): string {
  const task = taskId === undefined ? "" : `?task=${encodeURIComponent(taskId)}`;
  return `/runs/${runId}${task}${mapIndex === undefined ? "" : `&map=${mapIndex}`}`;
}
