/** From the protocol's assignments to what runs them. */

import type { RunTypeName } from "@millrace/engine";
import { msOf, runInstancesFromProto, sensorFromProto } from "@millrace/wire";
import { Isolation, RunType, TaskControl, TaskKind, type RunInstances } from "@millrace/wire/v1";
import type { Assignment } from "@millrace/wire/worker";
import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import type { RunInputs } from "../context/run-facts.ts";
import { callbackWork } from "./callback.ts";
import { callbackTimeoutMs } from "./limits.ts";
import type { SensorWork, Work } from "./messages.ts";
import { sensorSeed } from "./sensor.ts";

export type Task = {
  /** Without a bundle's file and a claim, which are known later. */
  readonly work: Work;
  readonly kind: "bundle" | "external";
  readonly bundleDigest: string;
  readonly isolation: "thread" | "process";
  readonly env: Readonly<Record<string, string>>;
  /** Null for no limit. */
  readonly timeoutMs: number | null;
};

function inputsOf(given: RunInstances): RunInputs {
  const inputs = Object.entries(runInstancesFromProto(given)).map(([name, instances]) => [
    name,
    instances.map(({ uri, partitionKey, date }) => ({ uri, partitionKey, date: new Date(date) })),
  ]);
  return Object.fromEntries(inputs) as RunInputs;
}

export function taskOf(assignment: Assignment): Task {
  const limitMs = assignment.callback === undefined ? null : callbackTimeoutMs;
  const timeoutMs = msOf(assignment.executionTimeout) ?? limitMs;
  const { run } = assignment;
  const asked = askedOf(assignment);
  return {
    kind: assignment.kind === TaskKind.EXTERNAL ? "external" : "bundle",
    bundleDigest: assignment.bundleDigest,
    isolation: assignment.isolation === Isolation.PROCESS ? "process" : "thread",
    env: assignment.env,
    timeoutMs,
    work: {
      attemptId: assignment.attemptId,
      cell: -1,
      serial: 0,
      run: {
        id: run?.runId ?? "",
        name: run?.runName ?? "",
        dagId: run?.dagId ?? "",
        type: runTypes[run?.runType ?? RunType.MANUAL] ?? "manual",
        dagVersion: run?.dagVersion ?? 0,
        logicalDate: dateOf(run?.logicalDate),
        dataInterval: { start: dateOf(run?.dataIntervalStart), end: dateOf(run?.dataIntervalEnd) },
        runAfter: dateOf(run?.runAfter) ?? new Date(0),
        partitionKey: run?.partitionKey || null,
        ...(run?.inputs && { inputs: inputsOf(run.inputs) }),
      },
      params: run?.params?.data ?? null,
      taskId: assignment.taskId,
      mapIndex: assignment.mapIndex,
      mapLength: assignment.mapLength,
      mapIndexTemplate: assignment.mapIndexTemplate,
      tryNumber: assignment.tryNumber,
      maxTries: assignment.maxTries,
      handler: assignment.handler,
      bundlePath: null,
      args: assignment.args,
      inputs: dataOf(assignment.inputs),
      items: dataOf(assignment.items),
      measuredPaths: assignment.measuredPaths,
      cases: assignment.cases,
      resumption: resumptionOf(assignment),
      ...asked,
      call: assignment.call === undefined ? null : { name: assignment.call.name },
      isTimed: timeoutMs !== null,
      fencing: assignment.fencing,
      idempotencyKey: assignment.idempotencyKey,
    },
  };
}

/** What a newer server says counts as manual. */
const runTypes: Readonly<Record<number, RunTypeName>> = {
  [RunType.SCHEDULED]: "scheduled",
  [RunType.MANUAL]: "manual",
  [RunType.BACKFILL]: "backfill",
  [RunType.ASSET_TRIGGERED]: "asset_triggered",
  [RunType.ASSET_MATERIALIZATION]: "asset_materialization",
};

const controls: Readonly<Record<number, Work["control"]>> = {
  [TaskControl.UNSPECIFIED]: "none",
  [TaskControl.NONE]: "none",
  [TaskControl.BRANCH]: "branch",
  [TaskControl.SHORT_CIRCUIT]: "short_circuit",
};

/** What the task does besides running; a word of a newer server fails the attempt and not the worker. */
function askedOf(
  assignment: Assignment,
): Pick<Work, "control" | "sensor" | "callback" | "refusal"> {
  try {
    const sensor = sensorOf(assignment);
    const callback = assignment.callback === undefined ? null : callbackWork(assignment.callback);
    const control = controls[assignment.control];
    if (control !== undefined) return { control, sensor, callback, refusal: null };
    throw new Error(`Its control is ${assignment.control}, which this version does not know.`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      control: "none",
      sensor: null,
      callback: null,
      refusal: `The worker is too old for this task: ${why}`,
    };
  }
}

function resumptionOf({ resumption }: Assignment): Work["resumption"] {
  if (resumption === undefined) return null;
  return { event: resumption.event?.data ?? null, state: resumption.state?.data ?? null };
}

function sensorOf({ sensor, ...assignment }: Assignment): SensorWork | null {
  if (sensor === undefined) return null;
  const { run, taskId, mapIndex } = assignment;
  return {
    ...sensorFromProto(sensor, taskId),
    seed: sensorSeed(
      { dagId: run?.dagId ?? "", taskId, mapIndex },
      instantText(assignment.tryStartedAt),
    ),
    tryAgeMs: msOf(assignment.tryAge) ?? 0,
    looks: assignment.looks,
  };
}

/** As Python writes it: "2026-01-01 00:00:00+00:00", with six decimals or none. */
function instantText(at: Timestamp | undefined): string {
  if (at === undefined) return "None";
  const seconds = new Date(Number(at.seconds) * 1000).toISOString();
  const micros = Math.floor(at.nanos / 1000);
  const fraction = micros === 0 ? "" : `.${String(micros).padStart(6, "0")}`;
  return `${seconds.slice(0, 10)} ${seconds.slice(11, 19)}${fraction}+00:00`;
}

function dataOf(values: Assignment["inputs"]): Record<string, Uint8Array> {
  return Object.fromEntries(Object.entries(values).map(([key, { data }]) => [key, data]));
}

function dateOf(timestamp: Timestamp | undefined): Date | null {
  return timestamp === undefined ? null : timestampDate(timestamp);
}
