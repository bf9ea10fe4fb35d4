/** What bodies want of other DAGs: they trigger runs of later DAGs, once each, and wait for runs of any. */

import { context, defer, trigger } from "@millrace/sdk";
import type { DagSpec, TaskSpec } from "@millrace/engine";
import { parseAttemptId, runIdOf } from "@millrace/wire";
import type { RunRow } from "../database/rows.ts";
import type { Random } from "../random.ts";
import type { World } from "../world.ts";
import { someParams } from "./params.ts";

/** In some DAGs tasks may trigger runs of a later one: so nothing goes in circles. */
export function withTriggers(random: Random, spec: DagSpec, later: readonly string[]): DagSpec {
  if (later.length === 0 || random.chance(0.3)) return spec;
  const tasks = spec.tasks.map((task): TaskSpec =>
    isPlain(task) && random.chance(0.25) ? { ...task, triggersDagIds: [random.pick(later)] } : task,
  );
  return { ...spec, tasks };
}

function isPlain({ each, control, sensor, groupId }: TaskSpec): boolean {
  return each.length === 0 && control === "none" && sensor === null && groupId === null;
}

/** Where an attempt belongs; null when nobody knows it. */
export function placeOf(world: World, attemptId: string): { run: RunRow; task: TaskSpec } | null {
  const ref = parseAttemptId(attemptId);
  const run = ref === null ? undefined : world.server.tables.runs.get(ref.runKey);
  const task = run && world.dagOfVersion(run.dag_version_id).tasks[ref?.ix ?? -1];
  return run === undefined || task === undefined ? null : { run, task };
}

/** Triggers what its task may trigger, and waits for it, perhaps. Null when it is to do something else. */
export async function triggerOthers(
  world: World,
  random: Random,
  attemptId: string,
): Promise<unknown> {
  const [dagId] = placeOf(world, attemptId)?.task.triggersDagIds ?? [];
  if (dagId === undefined) return null;
  const params: unknown = JSON.parse(someParams(random).toString());
  const { runId } = await context().triggerDag(dagId, { params });
  world.trace.note("worker", `${attemptId} has triggered ${runId}`);
  world.triggered.add(runId);
  return random.chance(0.5) ? waitFor(random, dagId, runId) : null;
}

/** Waits for some run of another DAG that is there. Null when there is none. */
export function waitForOthers(world: World, random: Random, attemptId: string): unknown {
  const own = placeOf(world, attemptId)?.run;
  const others = [...world.server.tables.runs.values()].filter(
    (run) => run.dag_id !== own?.dag_id && run.id !== own?.id,
  );
  if (others.length === 0) return null;
  const run = random.pick(others);
  return waitFor(random, run.dag_id, runIdOf(run.id));
}

/** Two may wait for one another: somebody has to give up. */
function waitFor(random: Random, dag: string, runId: string): unknown {
  const onTimeout = random.pick(["fail", "failForGood", "skip"] as const);
  const allowedStates = ["success", "failed"] as const;
  const ends = random.chance(0.5) ? { allowedStates } : { softFail: random.chance(0.5) };
  return defer(trigger.runs({ dag, runId, ...ends }), { timeout: "2m", onTimeout });
}
