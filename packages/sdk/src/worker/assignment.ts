/** From the protocol's assignments to what runs them. */

import { msOf } from "@millrace/wire";
import { Isolation, RunType, TaskKind } from "@millrace/wire/v1";
import type { Assignment } from "@millrace/wire/worker";
import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import type { Work } from "./messages.ts";

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

export function taskOf(assignment: Assignment): Task {
  const timeoutMs = msOf(assignment.executionTimeout);
  const { run } = assignment;
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
        type: run?.runType === RunType.SCHEDULED ? "scheduled" : "manual",
        dagVersion: run?.dagVersion ?? 0,
        logicalDate: dateOf(run?.logicalDate),
        dataInterval: { start: dateOf(run?.dataIntervalStart), end: dateOf(run?.dataIntervalEnd) },
        runAfter: dateOf(run?.runAfter) ?? new Date(0),
      },
      params: run?.params?.data ?? null,
      taskId: assignment.taskId,
      mapIndex: assignment.mapIndex,
      tryNumber: assignment.tryNumber,
      maxTries: assignment.maxTries,
      handler: assignment.handler,
      bundlePath: null,
      args: assignment.args,
      inputs: Object.fromEntries(
        Object.entries(assignment.inputs).map(([id, { data }]) => [id, data]),
      ),
      isTimed: timeoutMs !== null,
      fencing: assignment.fencing,
      idempotencyKey: assignment.idempotencyKey,
    },
  };
}

function dateOf(timestamp: Timestamp | undefined): Date | null {
  return timestamp === undefined ? null : timestampDate(timestamp);
}
