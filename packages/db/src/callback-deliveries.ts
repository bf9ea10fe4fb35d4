/** Callbacks that are to run, and those that ran: as people ask for them, and as their owner keeps them. */

import type { Database } from "./database.ts";
import { rowsOf } from "./statement.ts";

/** Names a delivery within its run. */
export type DeliveryKey = {
  /** -1 for callbacks of the run. */
  readonly ix: number;
  /** -1 for a task that is not mapped. */
  readonly mapIx: number;
  /** Of a run, how often it has ended. */
  readonly attempt: number;
  /** millrace.v1.CallbackEvent */
  readonly event: number;
  /** Place among the callbacks of the task, or the DAG, in the spec. */
  readonly ordinal: number;
};

/** millrace.v1.DeliveryState */
export type DeliveryStateCode = 1 | 2 | 3;

/** A delivery in a list. Its name is in the spec of the run's DAG version. */
export type CallbackDeliveryRow = {
  readonly ix: number;
  readonly map_ix: number;
  readonly attempt: number;
  readonly event: number;
  readonly ordinal: number;
  readonly state: DeliveryStateCode;
  readonly tries: number;
  readonly happened_at: Date;
  readonly next_try_at: Date | null;
  readonly ended_at: Date | null;
  /** millrace.v1.Failure: why the newest try failed. */
  readonly failure: Buffer | null;
  /** `happened_at` exactly, for the position of a page. */
  readonly happened_us: number;
};

/** Where a page of deliveries ended. */
export type DeliveryPosition = DeliveryKey & { readonly happenedUs: number };

/**
 * Callbacks of a run and its tasks, newest first, after a position.
 *
 * @param filter `ix`: only of this task; -1 for those of the run, null for all.
 */
export async function listCallbackDeliveries(
  db: Database,
  { runKey, ix }: { readonly runKey: number; readonly ix: number | null },
  { after, limit }: { readonly after: DeliveryPosition | null; readonly limit: number },
): Promise<CallbackDeliveryRow[]> {
  return rowsOf<CallbackDeliveryRow>(db.pool, "callback_delivery_list_page", [
    runKey,
    ix,
    after?.happenedUs ?? null,
    after?.ix ?? null,
    after?.mapIx ?? null,
    after?.attempt ?? null,
    after?.event ?? null,
    after?.ordinal ?? null,
    limit,
  ]);
}

/** Where a page that ends with a row ends. */
export function deliveryPositionOf(row: CallbackDeliveryRow): DeliveryPosition {
  const { ix, map_ix: mapIx, attempt, event, ordinal, happened_us: happenedUs } = row;
  return { ix, mapIx, attempt, event, ordinal, happenedUs };
}
