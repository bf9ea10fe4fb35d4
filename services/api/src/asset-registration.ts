/** What a registration does about assets: names that are taken, circles that never end, and who names what. */

import { createHash } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import {
  findAssetUsers,
  findNamedAssets,
  findTakenNames,
  forgetPendingOf,
  lockAssets,
  readChainDags,
  replaceAssetUses,
  replaceAssetWatchers,
  type AssetUse,
  type AssetUseKind,
  type AssetWatcherWrite,
  type Transaction,
} from "@millrace/db";
import {
  assetKey,
  assetLoopOf,
  assetNamesOf,
  assetNeeds,
  assetsOf,
  assetsOfInputs,
  shardOf,
  waitsForMany,
  withNamedAssets,
  type AssetDag,
  type AssetDefinition,
  type AssetLoop,
  type AssetOrAlias,
  type DagSpec,
} from "@millrace/engine";
import { dagSpecFromProto } from "@millrace/wire";
import { DagSpecSchema } from "@millrace/wire/v1";
import { encodedAnew, type Accepted, type Refused } from "./dag-registration.ts";

/** DAGs that may be registered, with the assets that they have by name, and what is wrong with the others. */
export async function judgeAssets(
  tx: Transaction,
  sent: readonly Accepted[],
): Promise<{ readonly accepted: readonly Accepted[]; readonly refused: readonly Refused[] }> {
  if (sent.every(({ spec }) => namedBy(spec).length === 0)) return { accepted: sent, refused: [] };
  await lockAssets(tx);
  const ids = sent.map(({ spec }) => spec.dagId);
  const { found: own, problems } = await findNamed(tx, sent);
  const users = own.filter(({ spec }) => namedBy(spec).length > 0);
  const names = users.flatMap(({ spec }) => definitionsOf(spec).map((asset) => asset.name));
  const taken = new Map<string, Owner>();
  for (const { name, uri, dagId } of await findTakenNames(tx, names, ids))
    taken.set(name, { uri, dagId });
  const chain = users.some(({ spec }) => chainDag(spec) !== null) ? await readChain(tx, ids) : [];

  for (const { spec } of users) {
    const link = chainDag(spec);
    const loop = link === null ? null : assetLoopOf(spec.dagId, [...chain, link]);
    const problem = nameProblem(spec, taken) ?? (loop && loopProblem(loop));
    if (problem !== null) {
      problems.set(spec.dagId, problem);
      continue;
    }
    for (const { name, uri } of definitionsOf(spec)) taken.set(name, { uri, dagId: spec.dagId });
    if (link !== null) chain.push(link);
  }
  return {
    accepted: own.filter(({ spec }) => !problems.has(spec.dagId)),
    refused: sent.flatMap(({ spec: { dagId, file } }) => {
      const problem = problems.get(dagId);
      return problem === undefined
        ? []
        : [{ file, message: `DAG "${dagId}" was refused: ${problem}` }];
    }),
  };
}

/**
 * Puts assets in the place of their names: those that the same registration says, else those in use. What a DAG has by name it
 * keeps with its uri, so that no other asset takes the name as long as the DAG is there.
 */
async function findNamed(
  tx: Transaction,
  sent: readonly Accepted[],
): Promise<{ readonly found: Accepted[]; readonly problems: Map<string, string> }> {
  const names = [...new Set(sent.flatMap(({ spec }) => assetNamesOf(spec)))];
  const problems = new Map<string, string>();
  if (names.length === 0) return { found: [...sent], problems };
  const uris = await findNamedAssets(tx, names);
  for (const { spec } of sent)
    for (const { name, uri } of definitionsOf(spec)) if (uri !== "") uris.set(name, uri);
  const found = sent.flatMap((each): Accepted[] => {
    const own = assetNamesOf(each.spec);
    if (own.length === 0) return [each];
    const missing = own.find((name) => !uris.has(name));
    if (missing === undefined) return [encodedAnew(withNamedAssets(each.spec, uris))];
    problems.set(
      each.spec.dagId,
      `no asset in use has the name ${JSON.stringify(missing)}; register the DAG that names it with its uri first, or write asset({ uri, name }).`,
    );
    return [];
  });
  return { found, problems };
}

type Owner = { readonly uri: string; readonly dagId: string };

function nameProblem(spec: DagSpec, taken: ReadonlyMap<string, Owner>): string | null {
  const own = new Map<string, Owner>();
  for (const { name, uri } of definitionsOf(spec)) {
    const other = own.get(name) ?? taken.get(name);
    if (other !== undefined && other.uri !== uri)
      return `the asset ${uri} has the name "${name}", which is that of ${other.uri} (DAG "${other.dagId}"); give one of them another name.`;
    own.set(name, { uri, dagId: spec.dagId });
  }
  return null;
}

function loopProblem(loop: AssetLoop): string {
  const first = loop[0]?.dagId ?? "";
  const steps = loop.map(({ dagId, uri }, n) => {
    const next = loop[n + 1]?.dagId ?? first;
    return `${dagId} makes ${uri}, which starts ${next}`;
  });
  return `schedule closes a circle that would never end: ${steps.join("; ")}. Let one of them wait for something from outside as well (allOf), or take the outlet away.`;
}

async function readChain(tx: Transaction, ids: readonly string[]): Promise<AssetDag[]> {
  const rows = await readChainDags(tx, ids);
  return rows.flatMap(
    ({ spec }) => chainDag(dagSpecFromProto(fromBinary(DagSpecSchema, spec))) ?? [],
  );
}

/** A DAG that makes assets and waits for some; null for others, which are in no circle. */
function chainDag(spec: DagSpec): AssetDag | null {
  const expression = assetsOf(spec.schedule);
  const outlets = new Set(spec.tasks.flatMap((task) => task.outlets.map(assetKey)));
  if (expression === null || outlets.size === 0) return null;
  const { dagId, schedule } = spec;
  if (schedule?.kind !== "partitioned_assets") return { dagId, outlets, expression };
  const mapped = schedule.mappings.filter(({ mapper }) => waitsForMany(mapper));
  return {
    dagId,
    outlets,
    expression,
    partitioned: { many: new Set(mapped.map(({ uri }) => uri)) },
  };
}

/**
 * Writes what DAGs name now. Registrations without assets, before or after, cost one look.
 *
 * @param changed DAGs whose version, or activity, is new
 * @param gone ids of DAGs that are inactive now
 * @param born ids that no DAG had before
 */
export async function storeAssetUses(
  tx: Transaction,
  changed: readonly DagSpec[],
  { gone, born }: { readonly gone: readonly string[]; readonly born: readonly string[] },
): Promise<void> {
  const ids = [...changed.map((spec) => spec.dagId), ...gone];
  if (ids.length === 0) return;
  const uses = changed.flatMap(usesOf);
  await forgetPendingOf(tx, born);
  if (uses.length === 0 && (await findAssetUsers(tx, ids)).length === 0) return;
  await lockAssets(tx);
  const assets = new Map<string, AssetDefinition>();
  for (const spec of changed)
    for (const asset of definitionsOf(spec))
      assets.set(asset.uri, merged(assets.get(asset.uri), asset));
  await replaceAssetUses(tx, ids, [...assets.values()], uses);
  await replaceAssetWatchers(tx, ids, changed.flatMap(watchersOf));
}

/** What a DAG wants watched. The owner of a shard sees to it, whichever DAGs want it. */
function watchersOf(spec: DagSpec): AssetWatcherWrite[] {
  return definitionsOf(spec).flatMap(({ uri, watchers = [] }) =>
    watchers.map((watcher) => {
      const { handler, queue, config } = watcher;
      const digest = createHash("sha256")
        .update(JSON.stringify([handler, queue, config]))
        .digest("hex");
      return { dagId: spec.dagId, uri, digest, shard: shardOf(`${uri}#${digest}`), ...watcher };
    }),
  );
}

/** The same asset, said twice: whoever says more than the uri has the word. */
function merged(before: AssetDefinition | undefined, asset: AssetDefinition): AssetDefinition {
  if (before === undefined) return asset;
  return {
    ...asset,
    name: asset.name === asset.uri ? before.name : asset.name,
    group: asset.group === "asset" ? before.group : asset.group,
    extra: asset.extra || before.extra,
  };
}

type Named = { readonly of: AssetOrAlias; readonly kind: AssetUseKind; readonly taskId: string };

function namedBy(spec: DagSpec): Named[] {
  const expression = assetsOf(spec.schedule);
  const waited = expression === null ? [] : assetNeeds(expression);
  const inputs = spec.inputs === null ? [] : assetsOfInputs(spec.inputs.term);
  return [
    ...spec.tasks.flatMap(({ id, outlets, inlets }) => [
      ...outlets.map((of): Named => ({ of, kind: 1, taskId: id })),
      ...inlets.map((of): Named => ({ of, kind: 2, taskId: id })),
    ]),
    ...waited.map(({ of }): Named => ({ of, kind: 3, taskId: "" })),
    ...inputs.map((of): Named => ({ of, kind: 4, taskId: "" })),
  ];
}

function definitionsOf(spec: DagSpec): AssetDefinition[] {
  return namedBy(spec).flatMap(({ of }) => (of.kind === "asset" ? [of] : []));
}

function usesOf(spec: DagSpec): AssetUse[] {
  const isByPartition = spec.schedule?.kind === "partitioned_assets";
  return namedBy(spec).map(({ of, kind, taskId }) => ({
    ...{ dagId: spec.dagId, kind, taskId, byPartition: kind === 3 && isByPartition },
    uri: of.kind === "asset" ? of.uri : "",
    alias: of.kind === "alias" ? of.name : "",
  }));
}
