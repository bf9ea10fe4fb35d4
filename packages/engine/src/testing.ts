/** Builders for tests: they state only what matters, the rest is the default of the SDK. */

import type { Limits, Slots } from "./admission/limits.ts";
import { nothingElse } from "./admission/limits.ts";
import { compileDag } from "./graph/graph.ts";
import type { CompiledDag } from "./graph/graph.ts";
import { eachInstance, stateAt } from "./run/instances.ts";
import type { Deferral, Failure, Run } from "./run/run.ts";
import type { CallbackSpec, DagSpec, Edge, TaskSpec } from "./spec/spec.ts";
import { taskStateName } from "./spec/states.ts";

/** A task of the bundle, without arguments. */
export function aTask(id: string, options: Partial<TaskSpec> = {}): TaskSpec {
  return {
    id,
    groupId: null,
    kind: "bundle",
    handler: id,
    args: "[]",
    retries: 0,
    retryDelayMs: 300_000,
    retryBackoff: 1,
    maxRetryDelayMs: 86_400_000,
    executionTimeoutMs: null,
    triggerRule: "all_success",
    role: "work",
    failsRun: false,
    control: "none",
    cases: [],
    skipsDirectOnly: false,
    each: [],
    mapIndexTemplate: "",
    sensor: null,
    queue: "default",
    priorityWeight: 1,
    dependsOnPast: false,
    waitForDownstream: false,
    ignoreFirstDependsOnPast: false,
    pastDecider: null,
    deadlines: [],
    weightRule: "downstream",
    pool: "default_pool",
    poolSlots: 1,
    maxActiveTis: null,
    maxActiveTisPerRun: null,
    rateLimit: null,
    isolation: "thread",
    env: {},
    docs: "",
    owner: "",
    callbacks: [],
    triggersDagIds: [],
    waitsFor: [],
    marks: [],
    outlets: [],
    inlets: [],
    resultSchema: null,
    argSchemas: [],
    ...options,
  };
}

/** Tasks by id with their options, and arrows as in "a b > c" (from a and from b to c); a chain is "a > b > c". */
export type DagShape = {
  readonly tasks: Readonly<Record<string, Partial<TaskSpec>>>;
  readonly arrows?: readonly string[];
};

/** A DAG "demo" of the given shape. */
export function aDagSpec(shape: DagShape, options: Partial<DagSpec> = {}): DagSpec {
  return {
    dagId: "demo",
    tasks: Object.entries(shape.tasks).map(([id, task]) => aTask(id, task)),
    edges: (shape.arrows ?? []).flatMap(edgesOf),
    groups: [],
    schedule: null,
    description: "",
    docs: "",
    tags: [],
    owner: "",
    paramsSchema: null,
    maxActiveRuns: 16,
    maxActiveTasks: 16,
    maxActiveTasksPerDag: null,
    concurrencyKey: null,
    dagrunTimeoutMs: null,
    failFast: false,
    resultTaskId: null,
    callbacks: [],
    callbackQueue: "default",
    deadlines: [],
    inputs: null,
    startDate: null,
    endDate: null,
    catchup: false,
    overlap: "allow",
    startingDeadlineMs: null,
    maxConsecutiveFailedRuns: 0,
    keptSuccessfulRuns: null,
    keptFailedRuns: null,
    startPaused: false,
    file: "demo.ts",
    source: "",
    bundleDigest: null,
    ...options,
  };
}

export function aDag(shape: DagShape, options: Partial<DagSpec> = {}): CompiledDag {
  return compileDag(aDagSpec(shape, options));
}

export function aFailure(options: Partial<Failure> = {}): Failure {
  return {
    kind: "application",
    type: "Error",
    message: "boom",
    stack: "",
    retryable: true,
    retryAfterMs: null,
    ...options,
  };
}

/** A wait for a token without limits, with which the body goes on. */
export function aDeferral(options: Partial<Deferral> = {}): Deferral {
  return {
    kind: "token",
    since: 0,
    until: null,
    timeoutAt: null,
    onTimeout: "fail",
    heartbeatMs: null,
    handler: null,
    summary: "",
    assignees: [],
    external: null,
    resumes: true,
    ...options,
  };
}

/** A function of the bundle that is told of failures. */
export function aCallback(options: Partial<CallbackSpec> = {}): CallbackSpec {
  const on = options.on ?? "failure";
  return { on, handler: `on-${on}`, isExternal: false, config: "", name: on, ...options };
}

const freeSlots: Slots = { state: "free", workers: 1, slots: 8 };

/** A world that holds nothing back, except for what is given. */
export function someLimits(options: Partial<Limits> = {}): Limits {
  return {
    now: 0,
    isPaused: false,
    activeRuns: 0,
    maxActiveRuns: 16,
    ...nothingElse,
    waitUntilOf: () => null,
    pastOf: () => null,
    triggererOf: () => null,
    externalOf: () => null,
    slots: () => freeSlots,
    ...options,
  };
}

/** The states of a run's task instances, by task id; of mapped ones by "id[index]" once they are there. */
export function statesOf(run: Run): Record<string, string> {
  const states: Record<string, string> = {};
  eachInstance(run, (slot, ix, mapIx) => {
    const id = run.dag.taskIds[ix]!;
    states[mapIx < 0 ? id : `${id}[${mapIx}]`] = taskStateName(stateAt(run, slot));
  });
  return states;
}

function edgesOf(arrow: string): Edge[] {
  const stops = arrow.split(">").map((stop) => stop.trim().split(/\s+/));
  return stops
    .slice(1)
    .flatMap((targets, at) =>
      (stops[at] ?? []).flatMap((from) => targets.map((to) => ({ from, to, label: "" }))),
    );
}

// For those who hold it against others.
export { lastFire, nextFire } from "./timetable/fires.ts";

export { hourly, joined, newest, range } from "./inputs/testing.ts";
