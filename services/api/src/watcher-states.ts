/** How the watchers of an asset do, and whether anybody can watch. */

import { fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { listSupply, viewAssetWatchers, type Database } from "@millrace/db";
import { triggerHandler } from "@millrace/engine";
import { FailureSchema, type AssetWatcherStateSchema } from "@millrace/wire/v1";
import { dateOf } from "./messages/dag.ts";

/** Sessions that are asked about. */
const sessionsMax = 1_000;

export async function watcherStates(
  db: Database,
  assetId: number,
): Promise<MessageInitShape<typeof AssetWatcherStateSchema>[]> {
  const rows = await viewAssetWatchers(db, assetId);
  if (rows.length === 0) return [];
  const sessions = await listSupply(db, sessionsMax);
  return rows.map(({ handler, queue, summary, fired_at, failure, failed_at }) => ({
    ...{ handler, queue, summary },
    hasTriggerer: sessions.some(
      (session) =>
        session.queues.includes(queue) && session.handlers.includes(triggerHandler(handler)),
    ),
    firedAt: dateOf(fired_at),
    problem: failure === null ? "" : fromBinary(FailureSchema, failure).message,
    problemAt: dateOf(failed_at),
  }));
}
