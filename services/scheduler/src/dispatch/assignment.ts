/** What a worker is told of an attempt. */

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { instanceCount, slotOf, triggerHandler, type TaskSpec } from "@millrace/engine";
import {
  attemptIdOf,
  durationOf,
  isolations,
  runIdOf,
  runInstancesOfBytes,
  sensorToProto,
  taskControls,
  taskKinds,
  timestampOf,
} from "@millrace/wire";
import type { DeferralRow } from "@millrace/wire/internal";
import { TaskKind } from "@millrace/wire/v1";
import {
  AssignmentSchema,
  RunFactsSchema,
  type Assignment,
  type RunFacts,
} from "@millrace/wire/worker";
import type { AssignmentValues } from "./assignment-values.ts";
import type { ActiveRun, SharedFacts, Version } from "../runs/run.ts";
import type { Grant } from "../flush/step.ts";
import { waitFor } from "../waits/waits.ts";

type WatchFacts = Pick<Grant, "run" | "ix" | "mapIx" | "attempt">;

/** Digits of a fencing text, so that texts compare as their numbers do. */
const fencingDigits = 10;

export function attemptIdFor({ run, ix, mapIx, attempt }: WatchFacts): string {
  return attemptIdOf({ shard: run.shard, runKey: run.key, ix, mapIx, attempt });
}

/** How workers name the watch of what an attempt waits for. */
export function watchIdFor({ run, ix, mapIx, attempt }: WatchFacts): string {
  return attemptIdOf({ shard: run.shard, runKey: run.key, ix, mapIx, attempt, of: "watch" });
}

/** `now`: the database's time. */
export function assignmentOf(grant: Grant, values: AssignmentValues, now: number): Assignment {
  const { run, ix, mapIx, attempt } = grant;
  const task = taskOf(run, ix);
  const shared = sharedFacts(run.version, ix);
  return create(AssignmentSchema, {
    attemptId: attemptIdFor(grant),
    run: (run.message ??= runFacts(run)),
    taskId: task.id,
    mapIndex: mapIx,
    tryNumber: tryNumberOf(grant),
    maxTries: task.retries + 1,
    handler: task.handler,
    kind: taskKinds[task.kind],
    bundleDigest: task.kind === "bundle" ? run.version.bundleDigest : "",
    args: shared.args,
    inputs: values.inputs,
    executionTimeout: durationOf(task.executionTimeoutMs),
    isolation: isolations[task.isolation],
    env: { ...task.env },
    fencing: String(attempt).padStart(fencingDigits, "0"),
    idempotencyKey: `${runIdOf(BigInt(run.key))}/${task.id}${mapIx < 0 ? "" : `/${mapIx}`}`,
    items: values.items,
    measuredPaths: shared.measuredPaths,
    control: taskControls[task.control],
    cases: shared.cases,
    mapIndexTemplate: task.mapIndexTemplate,
    mapLength: mapIx < 0 ? 0 : instanceCount(run.engine, ix),
    ...(task.sensor === null ? {} : sensorFacts(task.sensor, grant, now)),
    ...resumptionOf(grant),
  });
}

/** Which of the tries that count it is: attempts that were lost, given back or ended in a wait are parts of the same try. */
function tryNumberOf({ run, ix, mapIx, attempt }: WatchFacts): number {
  const uncounted = run.engine.instances.uncounted[slotOf(run.engine, ix, mapIx)] ?? 0;
  return Math.max(1, attempt - uncounted);
}

/** What a body that deferred goes on with; also when an attempt that went on before was lost. */
function resumptionOf(grant: Grant): MessageInitShape<typeof AssignmentSchema> {
  const row = waitFor(grant.run, grant);
  if (row === null) return {};
  const { event, deferral } = row;
  const state = deferral?.state;
  return { resumption: { ...(event && { event }), ...(state && { state }) } };
}

/** What a triggerer is told of a wait: it watches, and reports what comes as the value of a success. */
export function watchAssignment(watch: WatchFacts, { deferral }: DeferralRow): Assignment {
  const { run, ix, mapIx, attempt } = watch;
  const task = taskOf(run, ix);
  const { measuredPaths } = sharedFacts(run.version, ix);
  const trigger = deferral?.trigger;
  const watched = trigger?.case === "watch" ? trigger.value : null;
  return create(AssignmentSchema, {
    attemptId: watchIdFor(watch),
    run: (run.message ??= runFacts(run)),
    taskId: task.id,
    mapIndex: mapIx,
    tryNumber: tryNumberOf(watch),
    maxTries: task.retries + 1,
    handler: triggerHandler(watched?.handler ?? ""),
    kind: TaskKind.EXTERNAL,
    args: Buffer.concat([listStart, watched?.config?.data ?? noConfig, listEnd]),
    env: { ...task.env },
    fencing: String(attempt).padStart(fencingDigits, "0"),
    idempotencyKey: `${runIdOf(BigInt(run.key))}/${task.id}${mapIx < 0 ? "" : `/${mapIx}`}/watch/${attempt}`,
    // What comes is the task's value, unless its body goes on with it.
    measuredPaths: deferral?.resumes ? [] : measuredPaths,
    control: taskControls.none,
    mapLength: mapIx < 0 ? 0 : instanceCount(run.engine, ix),
  });
}

const listStart = Buffer.from("[");
const listEnd = Buffer.from("]");
const noConfig = Buffer.from('{"$":"undefined"}');

/** Of a sensor: when its try began, which may have been many attempts ago. */
function sensorFacts(sensor: NonNullable<TaskSpec["sensor"]>, grant: Grant, now: number) {
  const { instances } = grant.run;
  const startedAt = instances.startedAt(grant);
  const firstAttempt = instances.firstAttempt(grant);
  return {
    sensor: sensorToProto(sensor),
    tryStartedAt: timestampOf(startedAt),
    tryAge: durationOf(Math.max(0, now - startedAt)),
    looks: firstAttempt === 0 ? 0 : grant.attempt - firstAttempt,
  };
}

function taskOf(run: ActiveRun, ix: number): TaskSpec {
  const task = run.version.compiled.tasks[ix];
  if (task === undefined) throw new Error(`Run ${run.key} has no task ${ix}.`);
  return task;
}

/** Made once for a task of a version, whose runs and instances may be very many. */
function sharedFacts({ compiled, shared }: Version, ix: number): SharedFacts {
  const known = shared[ix];
  if (known !== undefined) return known;
  const encoder = new TextEncoder();
  const facts: SharedFacts = {
    args: encoder.encode(compiled.tasks[ix]?.args),
    measuredPaths: (compiled.measures[ix] ?? []).map((path) =>
      encoder.encode(JSON.stringify(path)),
    ),
    cases: (compiled.tasks[ix]?.cases ?? []).map(({ name }) => name),
  };
  shared[ix] = facts;
  return facts;
}

export function runFacts({
  facts,
  params,
  version,
}: {
  readonly facts: Omit<ActiveRun["facts"], "queuedAt" | "backfill">;
  readonly params: Uint8Array;
  readonly version: Version;
}): RunFacts {
  return create(RunFactsSchema, {
    runId: runIdOf(BigInt(facts.id)),
    dagId: facts.dagId,
    runName: facts.runName,
    logicalDate: timestampOf(facts.logicalAt),
    dataIntervalStart: timestampOf(facts.intervalStartAt),
    dataIntervalEnd: timestampOf(facts.intervalEndAt),
    params: { data: params },
    // Codes are those of the wire.
    runType: facts.runType,
    dagVersion: version.number,
    runAfter: timestampOf(facts.runAfter),
    partitionKey: facts.partitionKey ?? "",
    ...(facts.inputs !== null && { inputs: runInstancesOfBytes(facts.inputs) }),
  });
}
