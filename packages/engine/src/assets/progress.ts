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
      /** What is counted, such as "hours"; empty for events. */
      readonly unit: string;
    }
  | { readonly kind: "all_of" | "any_of"; readonly parts: readonly AssetProgress[] }
);

/** Of an asset of which so many different parts have to come. */
export type AssetParts = { readonly have: number; readonly need: number; readonly unit: string };

/** @param partsOf of assets that are waited for by parts; null for events. Default: none is. */
export function assetProgress(
  expression: AssetExpression,
  countOf: AssetCounts,
  partsOf: (of: AssetOrAlias) => AssetParts | null = () => null,
): AssetProgress {
  if (expression.kind === "events") return leafProgress(expression, countOf, partsOf);
  const { kind } = expression;
  const parts = expression.expressions.map((part) => assetProgress(part, countOf, partsOf));
  const met = parts.filter((part) => part.isMet).length;
  const isMet = kind === "all_of" ? met === parts.length : met > 0;
  const rule = kind === "all_of" ? "all are needed" : "one is enough";
  return { kind, isMet, message: `${met} of ${parts.length} hold; ${rule}`, parts };
}

function leafProgress(
  { of, count }: Extract<AssetExpression, { kind: "events" }>,
  countOf: AssetCounts,
  partsOf: (of: AssetOrAlias) => AssetParts | null,
): AssetProgress {
  const parts = partsOf(of);
  if (parts !== null && parts.have < parts.need) {
    const { have, need, unit } = parts;
    const message = `${have} of ${need} ${unit} of ${assetText(of)}`;
    return { kind: "events", isMet: false, message, of, have, need, unit };
  }
  const have = Math.min(countOf(of), count);
  const isMet = have >= count;
  if (isMet && parts !== null) {
    const { need, unit } = parts;
    const message = `${parts.have} of ${need} ${unit} of ${assetText(of)}`;
    return { kind: "events", isMet, message, of, have: need, need, unit };
  }
  const number = count === 1 ? (isMet ? "an event" : "no event") : `${have} of ${count} events`;
  return {
    ...{ kind: "events", isMet, message: `${number} of ${assetText(of)}`, of, have },
    ...{ need: count, unit: "" },
  };
}

/** What the next run waits for: a reason for each asset that lacks events where they would help; none once it is met. */
export function assetReasons(progress: AssetProgress): Reason[] {
  if (progress.isMet) return [];
  if (progress.kind !== "events") return progress.parts.flatMap(assetReasons);
  const { of, have, need, unit } = progress;
  const missing = need - have;
  const word = missing === 1 ? "event" : "events";
  const events = `${missing} more ${unit || word}`;
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
