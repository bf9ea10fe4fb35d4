/** Assets and expressions for tests. */

import type { AssetAliasDefinition, AssetDefinition, AssetExpression } from "./asset.ts";

export function assetOf(uri: string, more: Partial<AssetDefinition> = {}): AssetDefinition {
  return { kind: "asset", uri, name: uri, group: "asset", extra: "", ...more };
}

export function aliasOf(name: string): AssetAliasDefinition {
  return { kind: "alias", name, group: "asset" };
}

export function events(uri: string, count = 1): AssetExpression & { readonly kind: "events" } {
  return { kind: "events", of: assetOf(uri), count };
}

export function allOf(...expressions: readonly AssetExpression[]): AssetExpression {
  return { kind: "all_of", expressions };
}

export function anyOf(...expressions: readonly AssetExpression[]): AssetExpression {
  return { kind: "any_of", expressions };
}
