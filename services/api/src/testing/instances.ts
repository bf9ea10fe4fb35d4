/** Runs and task instances as owners leave them in the tables. */

import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { TaskState } from "@millrace/engine";
import { runKeyOf } from "@millrace/wire";
import { DagRunService, RunState } from "@millrace/wire/v1";
import { requestId } from "./dag-specs.ts";
import type { TestApi } from "./test-api.ts";

export type TestRun = { readonly runId: string; readonly runKey: number };

/** A run that goes on; the test's owner makes it. */
export async function beginRun(
  api: TestApi,
  dagId: string,
  logicalDate: Date | null = null,
): Promise<TestRun> {
  const { run } = await api.http(DagRunService).triggerDagRun({
    requestId: requestId(),
    dagId,
    ...(logicalDate && { logicalDate: timestampFromDate(logicalDate) }),
  });
  const runId = run!.runId;
  const runKey = runKeyOf(runId)!;
  const data = { state: RunState.RUNNING, startedAt: new Date(), revision: 1 };
  await api.db.prisma.run.update({ where: { id: runKey }, data });
  return { runId, runKey };
}

type Place = { readonly runKey: number; readonly ix: number; readonly mapIx?: number };

export type TestInstance = {
  /** Default success. */
  readonly state?: TaskState;
  readonly attempt?: number;
  readonly sessionKey?: number;
  /** What it returned, as JSON text or bytes. */
  readonly out?: string | Uint8Array;
  readonly xcoms?: Readonly<Record<string, string | Uint8Array>>;
};

export async function putInstance(
  { db }: TestApi,
  { runKey, ix, mapIx = -1 }: Place,
  { state = TaskState.success, attempt = 1, sessionKey = 1, out, xcoms = {} }: TestInstance = {},
): Promise<void> {
  const isOpen = state === TaskState.running || state === TaskState.restarting;
  const key = { runId: BigInt(runKey), ix, mapIx };
  const hasRun = state !== TaskState.removed;
  await db.prisma.taskInstance.create({
    data: {
      ...{ ...key, state, attempt },
      sessionKey: hasRun ? sessionKey : null,
      startedAt: hasRun ? new Date(1_000) : null,
      endedAt: isOpen ? null : new Date(2_000),
      out: out === undefined ? null : bytesOf(out),
    },
  });
  for (const [name, value] of Object.entries(xcoms))
    await db.prisma.xcom.create({ data: { ...key, key: name, value: bytesOf(value) } });
}

function bytesOf(value: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(typeof value === "string" ? Buffer.from(value) : value);
}
