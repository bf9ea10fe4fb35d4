/** What the next run of a DAG that waits for assets lacks yet. */

import type { Reason } from "../admission/reasons.ts";
import { assetText, type AssetExpression, type AssetOrAlias } from "./asset.ts";
import type { AssetCounts } from "./hold.ts";

/** How far an expression is from holding, part by part. */
export type AssetProgress = { readonly isMet: boolean; readonly message: string } & (
  | {
      readonly kind: "events";
      readonly of: AssetOrAlias;
      readonly have: number;
      readonly need: number;
    }
  | { readonly kind: "all_of" | "any_of"; readonly parts: readonly AssetProgress[] }
);

export function assetProgress(expression: AssetExpression, countOf: AssetCounts): AssetProgress {
  if (expression.kind === "events") {
    const { of, count: need } = expression;
    const have = Math.min(countOf(of), need);
    const isMet = have >= need;
    const number = need === 1 ? (isMet ? "an event" : "no event") : `${have} of ${need} events`;
    return { kind: "events", isMet, message: `${number} of ${assetText(of)}`, of, have, need };
  }
  const { kind } = expression;
  const parts = expression.expressions.map((part) => assetProgress(part, countOf));
  const met = parts.filter((part) => part.isMet).length;
  const isMet = kind === "all_of" ? met === parts.length : met > 0;
  const rule = kind === "all_of" ? "all are needed" : "one is enough";
  return { kind, isMet, message: `${met} of ${parts.length} hold; ${rule}`, parts };
}

/** What the next run waits for: a reason for each asset that lacks events where they would help; none once it is met. */
export function assetReasons(progress: AssetProgress): Reason[] {
  if (progress.isMet) return [];
  if (progress.kind !== "events") return progress.parts.flatMap(assetReasons);
  const { of, have, need } = progress;
  const missing = need - have;
  const events = missing === 1 ? "1 more event" : `${missing} more events`;
  return [
    {
      kind: "assets",
      message: `Waits for ${events} of ${assetText(of)}; it has ${have} of ${need}.`,
      evidence: {
        ...(of.kind === "asset" ? { uri: of.uri } : { alias: of.name }),
        have: String(have),
        need: String(need),
      },
      until: null,
      taskIds: [],
    },
  ];
}
