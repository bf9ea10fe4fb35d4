/** Bundles of DAG code, by the SHA-256 of their content. */

import type { Database } from "./database.ts";
import type { Transaction } from "./requests.ts";
import { rowsOf } from "./statement.ts";

/** Stores a bundle; false when it was there already. */
export async function storeBundle(
  tx: Transaction,
  digest: string,
  content: Uint8Array,
): Promise<boolean> {
  const stored = await tx.bundle.createMany({
    data: [{ digest, content: Uint8Array.from(content) }],
    skipDuplicates: true,
  });
  return stored.count > 0;
}

/** Those of the digests that no bundle has. */
export async function missingBundles(
  tx: Transaction,
  digests: readonly string[],
): Promise<string[]> {
  const found = await tx.bundle.findMany({
    where: { digest: { in: [...digests] } },
    select: { digest: true },
  });
  const known = new Set(found.map((row) => row.digest));
  return digests.filter((digest) => !known.has(digest));
}

/** A part of a bundle: empty past its end, null when there is no such bundle. */
export async function readBundlePiece(
  db: Database,
  digest: string,
  range: { readonly offset: number; readonly length: number },
): Promise<Buffer | null> {
  const [row] = await rowsOf<{ piece: Buffer }>(db.pool, "bundle_piece", [
    digest,
    range.offset,
    range.length,
  ]);
  return row?.piece ?? null;
}
