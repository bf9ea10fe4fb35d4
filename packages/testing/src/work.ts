/** One attempt, as what runs bodies needs it: the same that the scheduler sends to a worker. */

import type { InstanceRef, TaskSpec } from "@millrace/engine";
import { instanceCount, slotOf } from "@millrace/engine";
import type { Work } from "@millrace/sdk/spec";
import { encodeValue, isoWithOffset, sensorSeed } from "@millrace/sdk/spec";
import type { InstanceRecord } from "./records.ts";
import type { Sources } from "./values.ts";
import { valuesFor } from "./values.ts";

/** Digits of a fencing text, so that texts compare as their numbers do. */
const fencingDigits = 10;

/** @throws Error when it cannot be given what it needs */
export function workOf(from: Sources, ref: InstanceRef, now: number): Work {
  const { run, facts } = from;
  const { ix, mapIx } = ref;
  const task = run.dag.tasks[ix]!;
  const slot = slotOf(run, ix, mapIx);
  const attempt = run.instances.attempt[slot] ?? 0;
  const encoder = new TextEncoder();
  const { wait } = from.records.peek(ref);
  const { params, ...runFacts } = facts;
  const instance = `${task.id}${mapIx < 0 ? "" : `/${mapIx}`}`;
  return {
    attemptId: `${facts.id}/${instance}/${attempt}`,
    cell: -1,
    serial: 0,
    run: runFacts,
    params: encodeValue(params, "params"),
    taskId: task.id,
    mapIndex: mapIx,
    mapLength: mapIx < 0 ? 0 : instanceCount(run, ix),
    mapIndexTemplate: task.mapIndexTemplate,
    tryNumber: attempt,
    maxTries: task.retries + 1 + (run.instances.uncounted[slot] ?? 0),
    handler: task.handler,
    bundlePath: null,
    args: encoder.encode(task.args),
    ...valuesFor(from, ref),
    measuredPaths: run.dag.measures[ix]!.map((path) => encoder.encode(JSON.stringify(path))),
    control: task.control,
    cases: task.cases.map(({ name }) => name),
    sensor: task.sensor && sensorWork(from, ref, task.sensor, { attempt, now }),
    resumption: wait && { event: wait.event, state: wait.order.state },
    callback: null,
    call: null,
    refusal: null,
    isTimed: task.executionTimeoutMs !== null,
    fencing: String(attempt).padStart(fencingDigits, "0"),
    idempotencyKey: `${facts.id}/${instance}`,
  };
}

function sensorWork(
  { run, facts, records }: Sources,
  ref: InstanceRef,
  sensor: NonNullable<TaskSpec["sensor"]>,
  { attempt, now }: { readonly attempt: number; readonly now: number },
): NonNullable<Work["sensor"]> {
  const { startedAt, firstAttempt }: InstanceRecord = records.of(ref);
  const about = { dagId: facts.dagId, taskId: run.dag.taskIds[ref.ix]!, mapIndex: ref.mapIx };
  return {
    ...sensor,
    seed: sensorSeed(about, isoWithOffset(new Date(startedAt)).replace("T", " ")),
    tryAgeMs: now - startedAt,
    looks: firstAttempt === 0 ? 0 : attempt - firstAttempt,
  };
}
