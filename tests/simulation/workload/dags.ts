/** The DAGs of a seed: some of fixed shape, some random with everything that DAGs can say. */

import * as fc from "fast-check";
import { compileDag, type DagSpec, type TaskSpec } from "@millrace/engine";
import { aDagSpec } from "@millrace/engine/testing";
import { randomSpec } from "../../../packages/engine/src/testing/reference/random-dag.ts";
import type { Random } from "../random.ts";

const tasksMax = 14;

export function dagsOf(random: Random, count: number): DagSpec[] {
  return Array.from({ length: count }, (_, at) => {
    const dagId = `dag${at}-${random.below(1_000)}`;
    return withPast(random.fork(`past of ${dagId}`), aDagFor(random, dagId));
  });
}

/** In some DAGs tasks depend on the past. Few runs at a time: those that wait give way to those that they wait for. */
function withPast(random: Random, spec: DagSpec): DagSpec {
  if (!random.chance(0.4)) return spec;
  const tasks = spec.tasks.map((task) => {
    if (!random.chance(0.4)) return task;
    const waitForDownstream = random.chance(0.3);
    return { ...task, dependsOnPast: true, waitForDownstream };
  });
  return { ...spec, tasks };
}

/** Another shape under the same id: its next version, too. */
export function aDagFor(random: Random, dagId: string): DagSpec {
  const base = random.chance(0.25) ? aFixed(random) : aRandom(random);
  return quick(random, { ...base, dagId, maxActiveRuns: 1 + random.below(3) });
}

function aRandom(random: Random): DagSpec {
  const [spec] = fc.sample(randomSpec(2 + random.below(tasksMax)), {
    numRuns: 1,
    seed: random.below(2 ** 31),
  });
  return spec!;
}

function aFixed(random: Random): DagSpec {
  const length = 2 + random.below(6);
  const names = Array.from({ length }, (_, at) => `t${at}`);
  const tasks = Object.fromEntries(names.map((name) => [name, { retries: random.below(3) }]));
  const arrows = random.chance(0.5)
    ? [names.join(" > ")]
    : [`${names[0]!} > ${names.slice(1).join(" ")}`];
  return aDagSpec({ tasks, arrows }, { maxActiveTasks: 1 + random.below(5) });
}

/** Waits of seconds, so that much happens. */
function quick(random: Random, spec: DagSpec): DagSpec {
  const tasks = spec.tasks.map((task) => ({
    ...task,
    retryDelayMs: Math.floor(random.between(200, 4_000)),
    retryBackoff: random.chance(0.3) ? 1 : 0,
    maxRetryDelayMs: 10_000,
    queue: random.chance(0.2) ? "second" : "default",
  }));
  return withSensors(random, withCallbacks(random, { ...spec, tasks }));
}

function withCallbacks(random: Random, spec: DagSpec): DagSpec {
  if (!random.chance(0.4)) return spec;
  const tasks = spec.tasks.map((task) =>
    random.chance(0.3) ? { ...task, callbacks: callbacksOf(task.id) } : task,
  );
  const ofRun = callbacksOf("").filter(({ on }) => on === "success" || on === "failure");
  return { ...spec, tasks, callbacks: ofRun };
}

/** A few; not every task may be one. */
function withSensors(random: Random, spec: DagSpec): DagSpec {
  if (!random.chance(0.5)) return spec;
  let changed = spec;
  for (const [at, task] of spec.tasks.entries()) {
    if (!random.chance(0.3)) continue;
    const tasks = changed.tasks.with(at, { ...task, sensor: aSensor(random) });
    if (isSound({ ...changed, tasks })) changed = { ...changed, tasks };
  }
  return changed;
}

function callbacksOf(taskId: string): TaskSpec["callbacks"] {
  return (["success", "failure", "retry", "skipped"] as const).map((on) => ({
    ...{ on, handler: `${taskId}#${on}`, isExternal: false, config: "", name: `tells of ${on}` },
  }));
}

function aSensor(random: Random): NonNullable<TaskSpec["sensor"]> {
  return {
    mode: random.chance(0.7) ? "reschedule" : "poke",
    intervalMs: Math.floor(random.between(500, 5_000)),
    timeoutMs: 60_000,
    softFail: random.chance(0.5),
    backoff: random.chance(0.3),
    maxIntervalMs: null,
  };
}

function isSound(spec: DagSpec): boolean {
  try {
    compileDag(spec);
    return true;
  } catch {
    return false;
  }
}
