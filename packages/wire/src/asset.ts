/** Assets on the wire and as the engine knows them. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  AssetDefinition,
  AssetExpression,
  AssetOrAlias,
  AssetWatcher,
} from "@millrace/engine";
import { defaultAssetGroup, MillraceError } from "@millrace/engine";
import { specDefaults } from "./defaults.ts";
import type {
  AssetDefinition as AssetDefinitionMessage,
  AssetExpression as AssetExpressionMessage,
  AssetExpressionSchema,
  AssetOrAlias as AssetOrAliasMessage,
  AssetOrAliasSchema,
  AssetWatcher as AssetWatcherMessage,
} from "./gen/millrace/v1/asset_pb.ts";

type ExpressionInit = MessageInitShape<typeof AssetExpressionSchema>;
type OfInit = MessageInitShape<typeof AssetOrAliasSchema>;

export function assetOrAliasToProto(of: AssetOrAlias): OfInit {
  return { kind: ofToProto(of) };
}

function ofToProto(of: AssetOrAlias) {
  if (of.kind === "alias")
    return { case: "alias", value: { name: of.name, group: of.group } } as const;
  return { case: "asset", value: assetToProto(of) } as const;
}

export function assetToProto({ uri, name, group, extra, watchers = [] }: AssetDefinition) {
  const watched = watchers.map(({ config, ...watcher }) => ({
    ...watcher,
    config: { data: new TextEncoder().encode(config) },
  }));
  return { uri, name, group, extra, watchers: watched };
}

/** @throws MillraceError DAG_INVALID for a kind that this version does not know */
export function assetOrAliasFromProto(
  { kind }: Pick<AssetOrAliasMessage, "kind">,
  at: string,
): AssetOrAlias {
  switch (kind.case) {
    case "asset":
      return assetFromProto(kind.value);
    case "alias":
      return {
        kind: "alias",
        name: kind.value.name,
        group: kind.value.group || defaultAssetGroup,
      };
    case undefined:
      throw unknownKind(at);
  }
}

export function assetFromProto(message: AssetDefinitionMessage): AssetDefinition {
  const { uri, name, group, extra, watchers } = message;
  return {
    ...{ kind: "asset", uri, name: name || uri, group: group || defaultAssetGroup, extra },
    ...(watchers.length > 0 && { watchers: watchers.map(watcherFromProto) }),
  };
}

function watcherFromProto({ handler, config, summary, queue }: AssetWatcherMessage): AssetWatcher {
  const text = config === undefined ? noConfig : new TextDecoder().decode(config.data);
  return { handler, config: text, summary, queue: queue || specDefaults.queue };
}

const noConfig = '{"$":"undefined"}';

export function assetExpressionToProto(expression: AssetExpression): ExpressionInit {
  switch (expression.kind) {
    case "events":
      if (expression.count === 1) return { kind: ofToProto(expression.of) };
      return {
        kind: {
          case: "atLeast",
          value: { count: expression.count, of: assetOrAliasToProto(expression.of) },
        },
      };
    case "all_of":
      return { kind: { case: "allOf", value: listToProto(expression.expressions) } };
    case "any_of":
      return { kind: { case: "anyOf", value: listToProto(expression.expressions) } };
  }
}

function listToProto(expressions: readonly AssetExpression[]) {
  return { expressions: expressions.map(assetExpressionToProto) };
}

/** @throws MillraceError DAG_INVALID for a kind that this version does not know */
export function assetExpressionFromProto(
  message: AssetExpressionMessage | undefined,
  at = "schedule.assets",
): AssetExpression {
  const { kind } = message ?? { kind: { case: undefined } };
  switch (kind.case) {
    case "asset":
    case "alias":
      return { kind: "events", of: assetOrAliasFromProto({ kind }, at), count: 1 };
    case "atLeast": {
      const { of, count } = kind.value;
      if (of === undefined) throw unknownKind(at);
      return { kind: "events", of: assetOrAliasFromProto(of, at), count };
    }
    case "allOf":
    case "anyOf":
      return {
        kind: kind.case === "allOf" ? "all_of" : "any_of",
        expressions: kind.value.expressions.map((one) => assetExpressionFromProto(one, at)),
      };
    case undefined:
      throw unknownKind(at);
  }
}

function unknownKind(at: string): MillraceError {
  return new MillraceError(
    "DAG_INVALID",
    `${at} is of a kind that this version does not know: send one of millrace.v1.AssetExpression.`,
    { metadata: { field: at, value: "unknown kind" } },
  );
}
