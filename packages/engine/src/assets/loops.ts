/**
 * DAGs that would start each other for ever.
 *
 * That a DAG waits for what it makes is no fault by itself: something else that it waits for may hold it. It is one when the
 * events of the circle are enough: once started, it never ends. What an alias will stand for is not known before it runs.
 */

import { assetKey, type AssetExpression, type AssetOrAlias } from "./asset.ts";
import { assetsHold, leavesOf } from "./hold.ts";

/** What of a DAG decides about circles: what it makes, and what it is scheduled on. */
export type AssetDag = {
  readonly dagId: string;
  /** `assetKey` of its outlets. */
  readonly outlets: ReadonlySet<string>;
  readonly expression: AssetExpression;
  /**
   * Set when it waits by partition: the uris of which one event is not enough. What runs with a partition key make starts
   * such DAGs only, and nothing else does. Default: it does not.
   */
  readonly partitioned?: { readonly many: ReadonlySet<string> };
};

/** A way from a DAG back to itself: each makes the asset by which it starts the next, the last one starts the first. */
export type AssetLoop = readonly { readonly dagId: string; readonly uri: string }[];

/** The circle that a DAG is in and that keeps itself going; null when there is none. The shortest one. */
export function assetLoopOf(dagId: string, dags: readonly AssetDag[]): AssetLoop | null {
  const isKeyed = dags.findLast((dag) => dag.dagId === dagId)?.partitioned !== undefined;
  const going = selfSustaining(dags.filter((dag) => (dag.partitioned !== undefined) === isKeyed));
  const first = going.get(dagId);
  if (first === undefined) return null;
  const ways = new Map<string, { readonly from: string; readonly uri: string }>();
  const queue: AssetDag[] = [first];
  for (const dag of queue) {
    for (const next of going.values()) {
      const uri = linkOf(dag, next);
      if (uri === null || ways.has(next.dagId)) continue;
      ways.set(next.dagId, { from: dag.dagId, uri });
      if (next.dagId === dagId) return pathTo(dagId, ways);
      queue.push(next);
    }
  }
  return null;
}

/** The largest set of DAGs each of which the others, and itself, make enough for. */
function selfSustaining(dags: readonly AssetDag[]): Map<string, AssetDag> {
  const going = new Map(dags.map((dag) => [dag.dagId, dag]));
  for (let before = Infinity; going.size < before;) {
    before = going.size;
    const made = new Set([...going.values()].flatMap((dag) => [...dag.outlets]));
    for (const dag of [...going.values()]) {
      const holds = assetsHold(dag.expression, (of) =>
        isEnough(dag, of) && made.has(assetKey(of)) ? Infinity : 0,
      );
      if (!holds) going.delete(dag.dagId);
    }
  }
  return going;
}

function isEnough({ partitioned }: AssetDag, of: AssetOrAlias): boolean {
  return of.kind === "asset" && partitioned?.many.has(of.uri) !== true;
}

function linkOf(from: AssetDag, to: AssetDag): string | null {
  for (const { of } of leavesOf(to.expression))
    if (of.kind === "asset" && from.outlets.has(assetKey(of))) return of.uri;
  return null;
}

function pathTo(
  dagId: string,
  ways: ReadonlyMap<string, { readonly from: string; readonly uri: string }>,
): AssetLoop {
  const path: { dagId: string; uri: string }[] = [];
  let at = dagId;
  do {
    const way = ways.get(at)!;
    path.unshift({ dagId: way.from, uri: way.uri });
    at = way.from;
  } while (at !== dagId);
  return path;
}
