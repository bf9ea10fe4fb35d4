/** An asset expression in a few words, for lists. */

import { assetText, type AssetExpression } from "./asset.ts";

/** Longer ones end in "…". */
const lengthMax = 300;

/** Such as "s3://orders & (3 × s3://rates | alias feeds)". */
export function assetExpressionText(expression: AssetExpression): string {
  const text = textOf(expression, false);
  return text.length > lengthMax ? `${text.slice(0, lengthMax - 1)}…` : text;
}

function textOf(expression: AssetExpression, isInner: boolean): string {
  if (expression.kind === "events") {
    const { of, count } = expression;
    return count === 1 ? assetText(of) : `${count} × ${assetText(of)}`;
  }
  const sign = expression.kind === "all_of" ? " & " : " | ";
  const { expressions } = expression;
  const text = expressions.map((part) => textOf(part, true)).join(sign);
  return isInner && expressions.length > 1 ? `(${text})` : text;
}
