/** Finds assets, and what is said of them. */

import { findAsset, listMadeRuns, type AssetEventListRow, type AssetRow } from "@millrace/db";
import { assetLimits, MillraceError } from "@millrace/engine";
import type { AssetEvent } from "@millrace/wire/v1";
import type { ApiContext } from "./context.ts";
import { fieldInvalid, shown, textField } from "./fields.ts";
import { apiLimits } from "./limits.ts";
import { assetEventMessage } from "./messages/asset.ts";

/** @throws MillraceError FIELD_INVALID when empty, ASSET_NOT_FOUND */
export async function requireAsset(
  { db }: Pick<ApiContext, "db">,
  uriOrName: string,
): Promise<AssetRow> {
  if (uriOrName === "") throw fieldInvalid("asset", "is empty; write its uri, or its name.");
  const text = textField("asset", uriOrName, assetLimits.uriLength);
  const row = await findAsset(db, text);
  if (row !== null) return row;
  throw new MillraceError("ASSET_NOT_FOUND", `No asset has the uri or name ${shown(text)}.`, {
    metadata: { asset: text.slice(0, 250) },
  });
}

/** Events with the runs that they made. */
export async function eventMessages(
  { db }: Pick<ApiContext, "db">,
  rows: readonly AssetEventListRow[],
): Promise<AssetEvent[]> {
  const runs = await listMadeRuns(
    db,
    rows.map(({ id }) => id),
    apiLimits.madeRunsMax,
  );
  const byEvent = Map.groupBy(runs, (run) => run.event_id);
  return rows.map((row) => assetEventMessage(row, byEvent.get(row.id)));
}
