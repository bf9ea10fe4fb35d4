/** Tells everybody that DAGs have events which no run has used. */

import { create, toBinary } from "@bufbuild/protobuf";
import { listPendingDags } from "@millrace/db";
import { shardCount } from "@millrace/engine";
import { AssetEventsPendingSchema } from "@millrace/wire/internal";
import type { Owner } from "../owner.ts";

/** DAGs in one message. */
const dagsPerMessage = 1_000;

/** Tells the owners of DAGs that events they wait for have come. */
export function announceEvents({ bus }: Pick<Owner, "bus">, dagIds: readonly string[]): void {
  const message = create(AssetEventsPendingSchema, { dagIds: [...dagIds] });
  bus.publish("assets", toBinary(AssetEventsPendingSchema, message));
}

/**
 * The same of all DAGs that have such events, wherever they are: what was written when its answer was lost, or its owner died
 * before it could tell, has told nobody.
 */
export async function announceAllPending(owner: Pick<Owner, "bus" | "db" | "log">): Promise<void> {
  try {
    const shards = Array.from({ length: shardCount }, (_, shard) => shard);
    const dagIds = await listPendingDags(owner.db, shards);
    for (let at = 0; at < dagIds.length; at += dagsPerMessage)
      announceEvents(owner, dagIds.slice(at, at + dagsPerMessage));
  } catch (error) {
    // The slow look finds them.
    owner.log.warn({ err: error }, "assets.unannounced");
  }
}
