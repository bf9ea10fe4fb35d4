/** What people were asked by tasks that await input. Owners write these rows, with the state change they belong to. */

import type { Database } from "./database.ts";
import { rowsOf } from "./statement.ts";
import type { TaskInstanceKey } from "./task-instances-read.ts";

/** millrace.v1.InputState: 1 open, 2 answered, 3 timed out, 4 withdrawn. */
export type InputRequestState = 1 | 2 | 3 | 4;

export type InputRequestRow = {
  readonly run_id: number;
  readonly ix: number;
  readonly map_ix: number;
  readonly attempt: number;
  readonly state: InputRequestState;
  /** millrace.v1.InputForm */
  readonly form: Buffer;
  readonly asked_at: Date;
  readonly timeout_at: Date | null;
  readonly ended_at: Date | null;
  readonly answered_by: string | null;
  /** Codec JSON. */
  readonly answer: Buffer | null;
  readonly dag_id: string;
  readonly dag_version_id: number;
  readonly run_name: string;
  readonly asked_us: number;
};

export type InputRequestFilter = {
  /** Null means all. */
  readonly dagId: string | null;
  /** Null means all. */
  readonly runKey: number | null;
  /** Any of these; empty means none. */
  readonly states: readonly InputRequestState[];
};

/** Where a page of input requests ended. */
export type InputRequestPosition = {
  readonly askedUs: number;
  readonly runKey: number;
  readonly ix: number;
  readonly mapIx: number;
  readonly attempt: number;
};

/** Newest first, before a position. */
export async function listInputRequests(
  { pool }: Pick<Database, "pool">,
  { dagId, runKey, states }: InputRequestFilter,
  { before, limit }: { readonly before: InputRequestPosition | null; readonly limit: number },
): Promise<InputRequestRow[]> {
  const { askedUs = null, ix = null, mapIx = null, attempt = null } = before ?? {};
  const wanted = [...states];
  if (runKey === null) {
    const beforeRun = before?.runKey ?? null;
    const values = [wanted, dagId, askedUs, beforeRun, ix, mapIx, attempt, limit];
    return rowsOf<InputRequestRow>(pool, "input_request_list_page", values);
  }
  const values = [runKey, wanted, askedUs, ix, mapIx, attempt, limit];
  const rows = await rowsOf<InputRequestRow>(pool, "input_request_list_page_of_run", values);
  return rows.filter((row) => dagId === null || row.dag_id === dagId);
}

/** How many wait for an answer; more than `most` are not counted. */
export async function countOpenInputRequests(
  { pool }: Pick<Database, "pool">,
  most: number,
): Promise<number> {
  const rows = await rowsOf<{ open: number }>(pool, "input_request_count_open", [most]);
  return rows[0]?.open ?? 0;
}

/** What a task instance asked last, whether it is answered or not; null when it never asked. */
export async function newestInputRequest(
  { pool }: Pick<Database, "pool">,
  { runKey, ix, mapIx }: TaskInstanceKey,
): Promise<Pick<InputRequestRow, "attempt" | "state" | "form"> | null> {
  const rows = await rowsOf<Pick<InputRequestRow, "attempt" | "state" | "form">>(
    pool,
    "input_request_get_newest",
    [runKey, ix, mapIx],
  );
  return rows[0] ?? null;
}
