/** Assets: data that tasks make and DAGs wait for (semantics 10). */

/**
 * An asset as a DAG names it: `uri` is what it is, the rest is for people. With an empty uri it stands for the asset in use
 * that has the name: a registration puts that in its place, and nothing behind it sees such a one.
 */
export type AssetDefinition = {
  readonly kind: "asset";
  readonly uri: string;
  /** The uri when it has no other. */
  readonly name: string;
  readonly group: string;
  /** A JSON object, as text; empty for none. */
  readonly extra: string;
  /** What triggerers watch on its behalf. Left out where nobody says. */
  readonly watchers?: readonly AssetWatcher[];
};

/** What a triggerer watches: whatever happens there is an event of the asset. */
export type AssetWatcher = {
  /** "http", "file", or a name that a triggerer has a function for. */
  readonly handler: string;
  /** What it is told: codec JSON. */
  readonly config: string;
  /** For people. */
  readonly summary: string;
  /** Which triggerers watch: those that serve it. */
  readonly queue: string;
};

/** Stands for assets that a task names only while it runs. */
export type AssetAliasDefinition = {
  readonly kind: "alias";
  readonly name: string;
  readonly group: string;
};

export type AssetOrAlias = AssetDefinition | AssetAliasDefinition;

/** When events of assets make a run: an expression over those that no run of the DAG has used yet. */
export type AssetExpression =
  | { readonly kind: "events"; readonly of: AssetOrAlias; readonly count: number }
  | { readonly kind: "all_of"; readonly expressions: readonly AssetExpression[] }
  | { readonly kind: "any_of"; readonly expressions: readonly AssetExpression[] };

export const defaultAssetGroup = "asset";

export const assetLimits = {
  uriLength: 1500,
  nameLength: 250,
  watchersPerAsset: 10,
  /** Characters of what a watcher is called, and of what it says it watches. */
  watcherHandlerLength: 192,
  watcherSummaryLength: 250,
  /** UTF-8 bytes of what a watcher is told. */
  watcherConfigBytes: 16 * 1024,
  /** UTF-8 bytes of an asset's extra. */
  extraBytes: 16 * 1024,
  /** Outlets of a task, and inlets. */
  perTask: 100,
  /** Assets and aliases in one schedule. */
  perSchedule: 100,
  /** Levels of one schedule. */
  depth: 10,
  /** Of `at_least`. */
  count: 1000,
  /** What a task says about the events of one success. */
  eventsPerSuccess: 1000,
  /** UTF-8 bytes of an event's extra. */
  eventExtraBytes: 64 * 1024,
  /** Events of one asset that one run uses; what is left makes the next run. */
  eventsPerRun: 10_000,
} as const;

/** The same for the same asset or alias, whatever is said about it. */
export function assetKey(of: AssetOrAlias): string {
  if (of.kind === "alias") return `alias:${of.name}`;
  return of.uri === "" ? `name:${of.name}` : `asset:${of.uri}`;
}

/** How people call it in a sentence. */
export function assetText(of: AssetOrAlias): string {
  if (of.kind === "alias") return `alias ${of.name}`;
  return of.uri === "" ? `the asset "${of.name}"` : of.uri;
}
