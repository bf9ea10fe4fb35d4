/** Events of assets that no run of a waiting DAG has used yet, as the owner of the DAG's shard reads them. */

import type { Database } from "./database.ts";
import type { ShardFence } from "./flush-batch.ts";
import { shardLockClass } from "./flush.ts";
import { rowsOf } from "./statement.ts";
import { inTransaction } from "./transaction.ts";
import { MillraceError } from "@millrace/engine";

/** An asset (`uri`) or an alias; the other text is empty. */
export type AssetRef = { readonly uri: string; readonly alias: string };

export type PendingQuestion = AssetRef & {
  readonly dagId: string;
  /** Counts no further. */
  readonly needed: number;
};

/** How many events are pending, at most `needed`, in the order of the questions. */
export async function countPendingEvents(
  db: Database,
  questions: readonly PendingQuestion[],
): Promise<number[]> {
  if (questions.length === 0) return [];
  const rows = await rowsOf<{ have: number }>(db.pool, "asset_pending_count", [
    questions.map((question) => question.dagId),
    questions.map((question) => question.uri),
    questions.map((question) => question.alias),
    questions.map((question) => question.needed),
  ]);
  return rows.map(({ have }) => have);
}

/** DAGs of shards of which events are pending. */
export async function listPendingDags(db: Database, shards: readonly number[]): Promise<string[]> {
  const rows = await rowsOf<{ dag_id: string }>(db.pool, "asset_pending_dags", [shards]);
  return rows.map((row) => row.dag_id);
}

/** What a DAG waits for now. */
export type Waiting = {
  readonly dagId: string;
  readonly refs: readonly AssetRef[];
  /** The version that waits so, and by whose mappers events are sorted. */
  readonly versionId: number;
  readonly isByPartition: boolean;
};

/**
 * Forgets events of what a DAG does not wait for any more, unless another version is the newest by now; what another version
 * sorted by partition is to be sorted anew.
 *
 * @throws MillraceError NOT_OWNER when the shard is somebody else's now.
 */
export async function forgetPendingEvents(
  db: Database,
  { shard, epoch }: ShardFence,
  { dagId, versionId, isByPartition, refs }: Waiting,
): Promise<void> {
  await inTransaction(db, async (run) => {
    await run("flush_fence", [shardLockClass, [shard]]);
    if ((await run("shard_held", [[shard], [epoch]])).length === 0)
      throw new MillraceError("NOT_OWNER");
    const uris = refs.map((ref) => ref.uri).filter((uri) => uri !== "");
    const aliases = refs.map((ref) => ref.alias).filter((alias) => alias !== "");
    await run("asset_partition_unsort", [dagId, isByPartition ? versionId : 0]);
    await run("asset_pending_forget", [dagId, uris, aliases, isByPartition, versionId]);
  });
}
