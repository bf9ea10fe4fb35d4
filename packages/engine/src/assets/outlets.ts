/** The events of assets that a success makes (semantics 10.2). */

import type { TaskSpec } from "../spec/spec.ts";
import { assetLimits, defaultAssetGroup } from "./asset.ts";

/** What a body says of an outlet, or an asset that it names for an alias. */
export type OutletSaid = {
  readonly uri: string;
  readonly group: string;
  /** Empty when the asset is an outlet itself. */
  readonly alias: string;
  /** Codec JSON; null for nothing. */
  readonly extra: Uint8Array | null;
};

export type OutletEvent = {
  readonly uri: string;
  /** Used if nobody has named the asset before. */
  readonly group: string;
  /** The aliases it was named for; empty for an outlet itself. */
  readonly aliases: readonly string[];
  readonly extra: Uint8Array | null;
};

/**
 * One for each asset among the outlets, whatever was said; and one for each that was named for an alias. The same asset with
 * the same words for several aliases is one event.
 */
export function outletEvents(
  { outlets }: Pick<TaskSpec, "outlets">,
  said: readonly OutletSaid[],
): OutletEvent[] {
  const extras = new Map(said.flatMap((one) => (one.alias === "" ? [[one.uri, one.extra]] : [])));
  const own = outlets.flatMap((of): OutletEvent[] =>
    of.kind === "alias"
      ? []
      : [{ uri: of.uri, group: of.group, aliases: [], extra: extras.get(of.uri) ?? null }],
  );
  const named = new Map<string, OutletEvent & { readonly aliases: string[] }>();
  for (const { uri, group, alias, extra } of said) {
    if (alias === "") continue;
    const key = `${uri} ${extra === null ? "" : extra.join()}`;
    const known = named.get(key);
    if (known === undefined)
      named.set(key, { uri, group: group || defaultAssetGroup, aliases: [alias], extra });
    else if (!known.aliases.includes(alias)) known.aliases.push(alias);
  }
  return [...own, ...named.values()];
}

const printable = /^[\x21-\x7e]+$/;

/** What is wrong with what a body says of its outlets; null when nothing is. */
export function outletProblem(
  { id, outlets }: Pick<TaskSpec, "id" | "outlets">,
  said: readonly OutletSaid[],
): string | null {
  if (said.length > assetLimits.eventsPerSuccess)
    return `"${id}" says something about ${said.length} events of assets; ${assetLimits.eventsPerSuccess} are the limit.`;
  const known = new Set(
    outlets.map((of) => (of.kind === "asset" ? `asset ${of.uri}` : `alias ${of.name}`)),
  );
  for (const { uri, alias, extra } of said) {
    const outlet = alias === "" ? `asset ${uri}` : `alias ${alias}`;
    if (!known.has(outlet))
      return `"${id}" says something about the ${outlet.slice(0, shownMax)}, which is none of its outlets; add it to them.`;
    if (uri.length > assetLimits.uriLength || !printable.test(uri))
      return `"${id}" names an asset with the uri ${JSON.stringify(uri.slice(0, shownMax))}; a uri has 1 to ${assetLimits.uriLength} printable ASCII characters and no spaces.`;
    const bytes = extra?.byteLength ?? 0;
    if (bytes > assetLimits.eventExtraBytes)
      return `The extra of an event of ${uri.slice(0, shownMax)} by "${id}" has ${bytes} bytes; it may have ${assetLimits.eventExtraBytes}.`;
  }
  return null;
}

/** How much of a wrong value a message repeats. */
const shownMax = 120;
