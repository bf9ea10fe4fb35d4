/** The events of assets that a success makes (semantics 10.2). */

import type { TaskSpec } from "../spec/spec.ts";
import { partitionKeyProblem } from "../partitions/key.ts";
import { assetLimits, defaultAssetGroup, type AssetDefinition } from "./asset.ts";

/** What a body says of an outlet, or an asset that it names for an alias. */
export type OutletSaid = {
  /** Of an outlet, its name does as well. */
  readonly uri: string;
  readonly group: string;
  /** Empty when the asset is an outlet itself. */
  readonly alias: string;
  /** Codec JSON; null for nothing. */
  readonly extra: Uint8Array | null;
  /** The part of the data that the event is about; empty, and by default, that of the run. */
  readonly partitionKey?: string;
};

export type OutletEvent = {
  readonly uri: string;
  /** Used if nobody has named the asset before. */
  readonly group: string;
  /** The aliases it was named for; empty for an outlet itself. */
  readonly aliases: readonly string[];
  readonly extra: Uint8Array | null;
  /** Null when it is about no part of the data. */
  readonly partitionKey: string | null;
};

/**
 * One for each asset among the outlets, whatever was said, or for each partition of it that was said; and one for each that
 * was named for an alias. The same asset with the same words for several aliases is one event.
 *
 * @param runPartition the partition key of the run; null for none
 */
export function outletEvents(
  { outlets }: Pick<TaskSpec, "outlets">,
  said: readonly OutletSaid[],
  runPartition: string | null,
): OutletEvent[] {
  const keyOf = ({ partitionKey }: OutletSaid): string | null => partitionKey || runPartition;
  const assets = outlets.filter((of) => of.kind === "asset");
  const own = assets.flatMap((of): OutletEvent[] => {
    const about = said.filter((one) => one.alias === "" && outletSaid(one, assets) === of);
    // The last word about each partition.
    const extras = new Map(about.map((one) => [keyOf(one), one.extra]));
    if (extras.size === 0) extras.set(runPartition, null);
    const { uri, group } = of;
    return [...extras].map(([partitionKey, extra]) => ({
      ...{ uri, group, aliases: [], extra, partitionKey },
    }));
  });
  const named = new Map<string, OutletEvent & { readonly aliases: string[] }>();
  for (const one of said) {
    const { uri, group, alias, extra } = one;
    if (alias === "") continue;
    const partitionKey = keyOf(one);
    const key = JSON.stringify([uri, partitionKey, extra === null ? null : extra.join()]);
    const known = named.get(key);
    if (known === undefined)
      named.set(key, {
        ...{ uri, group: group || defaultAssetGroup, aliases: [alias], extra, partitionKey },
      });
    else if (!known.aliases.includes(alias)) known.aliases.push(alias);
  }
  return [...own, ...named.values()];
}

/** By its name where the body has only that. */
function outletSaid(
  { uri }: OutletSaid,
  assets: readonly AssetDefinition[],
): AssetDefinition | undefined {
  return assets.find((of) => of.uri === uri) ?? assets.find((of) => of.name === uri);
}

const printable = /^[\x21-\x7e]+$/;

/** What is wrong with what a body says of its outlets; null when nothing is. */
export function outletProblem(
  { id, outlets }: Pick<TaskSpec, "id" | "outlets">,
  said: readonly OutletSaid[],
): string | null {
  if (said.length > assetLimits.eventsPerSuccess)
    return `"${id}" says something about ${said.length} events of assets; ${assetLimits.eventsPerSuccess} are the limit.`;
  const aliases = new Set(outlets.flatMap((of) => (of.kind === "alias" ? [of.name] : [])));
  const assets = outlets.filter((of) => of.kind === "asset");
  for (const one of said) {
    const { uri, alias, extra, partitionKey = "" } = one;
    const isOutlet = alias === "" && outletSaid(one, assets) !== undefined;
    const isKnown = alias === "" ? isOutlet : aliases.has(alias);
    const outlet = alias === "" ? `asset ${uri}` : `alias ${alias}`;
    if (!isKnown)
      return `"${id}" says something about the ${outlet.slice(0, shownMax)}, which is none of its outlets; add it to them.`;
    if (!isOutlet && (uri.length > assetLimits.uriLength || !printable.test(uri)))
      return `"${id}" names an asset with the uri ${JSON.stringify(uri.slice(0, shownMax))}; a uri has 1 to ${assetLimits.uriLength} printable ASCII characters and no spaces.`;
    const problem = partitionKey === "" ? null : partitionKeyProblem(partitionKey);
    if (problem !== null)
      return `The partition of an event of ${uri.slice(0, shownMax)} by "${id}" is ${JSON.stringify(partitionKey.slice(0, shownMax))}; ${problem}.`;
    const bytes = extra?.byteLength ?? 0;
    if (bytes > assetLimits.eventExtraBytes)
      return `The extra of an event of ${uri.slice(0, shownMax)} by "${id}" has ${bytes} bytes; it may have ${assetLimits.eventExtraBytes}.`;
  }
  return null;
}

/** How much of a wrong value a message repeats. */
const shownMax = 120;
