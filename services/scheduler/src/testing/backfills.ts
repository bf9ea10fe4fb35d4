/** Backfills in tests: asked for as the front door asks, and what became of their dates. */

import type { Database } from "@millrace/db";
import { dateAnchor, datesWithin, type DagSpec } from "@millrace/engine";
import type { OwnerReply } from "@millrace/wire/internal";
import type { FakeApi } from "./fake-api.ts";

const plain = { timezone: "UTC", intervalMs: 0, jitterMs: 0, runImmediately: null } as const;
/** A schedule that is hardly ever due during a test. */
export const yearly = { schedule: { kind: "cron", expressions: ["0 0 1 1 *"], ...plain } } as const;
export const daily = { schedule: { kind: "cron", expressions: ["0 0 * * *"], ...plain } } as const;

export const day = (n: number) => Date.UTC(2024, 0, n);

export type Asked = {
  readonly from: number;
  readonly to: number;
  readonly reverse?: boolean;
  /** Codes are those of the wire. */
  readonly reprocess?: 1 | 2 | 3;
  readonly maxActiveRuns?: number;
  readonly params?: unknown;
  readonly requestId?: string;
};

export async function askBackfill(
  db: Database,
  api: FakeApi,
  spec: DagSpec,
  asked: Asked,
): Promise<OwnerReply> {
  const { dagId } = spec;
  const { rows } = await db.pool.query<{ id: number }>(
    "SELECT max(id) AS id FROM dag_version WHERE dag_id = $1",
    [dagId],
  );
  const { from, to, reverse = false } = asked;
  const asOf = Date.UTC(2025, 0, 1);
  const anchor = dateAnchor(spec, null, from);
  const dates = [...datesWithin({ ...spec, anchor }, { from, to, asOf, isReverse: reverse })];
  return api.command(dagId, {
    requestId: asked.requestId ?? crypto.randomUUID(),
    command: {
      case: "createBackfill",
      value: {
        ...{ dagId, dagVersionKey: rows[0]!.id, reverse, dateCount: dates.length },
        fromMs: BigInt(from),
        toMs: BigInt(to),
        asOfMs: BigInt(asOf),
        anchorMs: BigInt(anchor),
        reprocess: asked.reprocess ?? 1,
        maxActiveRuns: asked.maxActiveRuns ?? 10,
        params: Buffer.from(JSON.stringify(asked.params ?? {})),
        hasParams: asked.params !== undefined,
      },
    },
  });
}

/** @throws Error when it was refused. */
export async function startBackfill(
  db: Database,
  api: FakeApi,
  spec: DagSpec,
  asked: Asked,
): Promise<number> {
  const { reply } = await askBackfill(db, api, spec, asked);
  if (reply.case !== "backfillKey") throw new Error(JSON.stringify(reply));
  return Number(reply.value);
}

export async function changeBackfill(
  api: FakeApi,
  dagId: string,
  kind: "pauseBackfill" | "resumeBackfill" | "cancelBackfill" | "explainBackfill",
  key: number,
): Promise<OwnerReply> {
  const value = { backfillKey: BigInt(key), dagId };
  return api.command(dagId, { requestId: crypto.randomUUID(), command: { case: kind, value } });
}

const states = ["", "running", "paused", "cancelling", "completed", "cancelled"];

export async function backfillState(db: Database, key: number): Promise<string> {
  const { rows } = await db.pool.query<{ state: number }>(
    "SELECT state FROM backfill WHERE id = $1",
    [key],
  );
  return states[rows[0]?.state ?? 0] ?? "";
}

export type DateView = {
  readonly ordinal: number;
  readonly day: number;
  readonly outcome: string;
  readonly state: number | null;
};

/** Decided dates, in order. */
export async function datesOf(db: Database, key: number): Promise<DateView[]> {
  const outcomes = ["", "made", "rerun", "in_flight", "exists"];
  const { rows } = await db.pool.query<{
    ordinal: number;
    at: Date;
    outcome: number;
    state: number | null;
  }>(
    `SELECT d.ordinal, d.logical_at AS at, d.outcome, r.state
     FROM backfill_date AS d LEFT JOIN run AS r ON r.id = d.run_id WHERE d.backfill_id = $1 ORDER BY d.ordinal`,
    [key],
  );
  return rows.map(({ ordinal, at, outcome, state }) => ({
    ordinal,
    day: Math.round((at.getTime() - day(0)) / 86_400_000),
    outcome: outcomes[outcome] ?? "",
    state,
  }));
}
