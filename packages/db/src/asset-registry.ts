/** What registered DAGs name of assets. One registration at a time. */

import type { AssetDefinition } from "@millrace/engine";
import { sqlText } from "./assets.ts";
import type { Transaction } from "./requests.ts";

/** 1 outlet, 2 inlet, 3 schedule, 4 input. */
export type AssetUseKind = 1 | 2 | 3 | 4;

export type AssetUse = {
  readonly dagId: string;
  readonly kind: AssetUseKind;
  /** Empty for a schedule and an input. */
  readonly taskId: string;
  /** Empty for an alias. */
  readonly uri: string;
  /** Empty for an asset. */
  readonly alias: string;
  /** Of a schedule: whether it waits by partition. */
  readonly byPartition: boolean;
};

/** From here to the end of the transaction nobody else registers assets. */
export async function lockAssets(tx: Transaction): Promise<void> {
  await tx.$executeRawUnsafe(sqlText("asset_lock"));
}

export type NameTaken = { readonly name: string; readonly uri: string; readonly dagId: string };

/** Who has these names already, beside the DAGs named. */
export async function findTakenNames(
  tx: Transaction,
  names: readonly string[],
  dagIds: readonly string[],
): Promise<NameTaken[]> {
  if (names.length === 0) return [];
  const rows = await tx.$queryRawUnsafe<{ name: string; uri: string; dag_id: string }[]>(
    sqlText("asset_names_taken"),
    [...names],
    [...dagIds],
  );
  return rows.map(({ name, uri, dag_id }) => ({ name, uri, dagId: dag_id }));
}

/** The uris of assets in use, by name. Needs `lockAssets`. */
export async function findNamedAssets(
  tx: Transaction,
  names: readonly string[],
): Promise<Map<string, string>> {
  const rows = await tx.$queryRawUnsafe<{ name: string; uri: string }[]>(sqlText("asset_named"), [
    ...names,
  ]);
  return new Map(rows.map(({ name, uri }) => [name, uri]));
}

/** Specs of active DAGs that make assets and wait for some, without those named. */
export async function readChainDags(
  tx: Transaction,
  dagIds: readonly string[],
): Promise<{ readonly dagId: string; readonly spec: Uint8Array }[]> {
  const rows = await tx.$queryRawUnsafe<{ dag_id: string; spec: Uint8Array }[]>(
    sqlText("asset_chain_dags"),
    [...dagIds],
  );
  return rows.map(({ dag_id, spec }) => ({ dagId: dag_id, spec }));
}

/** Writes what DAGs name, in place of what they named before; `uses` may be those of none. Needs `lockAssets`. */
export async function replaceAssetUses(
  tx: Transaction,
  dagIds: readonly string[],
  assets: readonly AssetDefinition[],
  uses: readonly AssetUse[],
): Promise<void> {
  if (assets.length > 0) {
    const rows = assets.map(({ uri, name, group, extra }) => ({
      ...{ uri, name, extra },
      asset_group: group,
    }));
    await tx.$executeRawUnsafe(sqlText("asset_upsert"), JSON.stringify(rows));
  }
  const rows = uses.map(({ dagId, kind, taskId, uri, alias, byPartition }) => ({
    ...{ kind, uri, alias },
    dag_id: dagId,
    task_id: taskId,
    by_partition: byPartition,
  }));
  await tx.$executeRawUnsafe(sqlText("asset_use_replace"), [...dagIds], JSON.stringify(rows));
  await tx.$executeRawUnsafe(sqlText("asset_deactivate_unused"));
}

/** What is left of deleted DAGs of these ids, which new ones are about to take. */
export async function forgetPendingOf(tx: Transaction, dagIds: readonly string[]): Promise<void> {
  if (dagIds.length === 0) return;
  const where = { dagId: { in: [...dagIds] } };
  await tx.assetPending.deleteMany({ where });
  await tx.assetPartition.deleteMany({ where });
}

/** Which of these DAGs name assets now. */
export async function findAssetUsers(
  tx: Transaction,
  dagIds: readonly string[],
): Promise<string[]> {
  const rows = await tx.assetUse.findMany({
    where: { dagId: { in: [...dagIds] } },
    distinct: ["dagId"],
    select: { dagId: true },
  });
  return rows.map((row) => row.dagId);
}
