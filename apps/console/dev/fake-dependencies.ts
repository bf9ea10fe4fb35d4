/** Which DAGs of the test double depend on which: a chain, a fork, a circle, and one that is not there. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type ServiceImpl } from "@connectrpc/connect";
import {
  DependencyKind,
  DependencyNodeKind,
  type DagDependencySchema,
  type DependencyService,
} from "@millrace/wire/v1";
import type { Lookup } from "./fake-lookup.ts";
import { pageOf } from "./fake-pages.ts";
import type { FakeWorld } from "./fake-world.ts";

type Arrow = readonly [from: string, kind: DependencyKind, to: string, taskId: string];

const { TRIGGERS, WAITS_FOR, CLEARS } = DependencyKind;

const arrows: readonly Arrow[] = [
  ["etl_pipeline", TRIGGERS, "monitor_errors", "trigger_monitor"],
  ["etl_pipeline", WAITS_FOR, "production_etl_v2", "wait_for_etl"],
  ["production_etl_v2", TRIGGERS, "score_customers", "trigger_scores"],
  // They wait for each other's runs of the day before: a circle.
  ["score_customers", WAITS_FOR, "etl_pipeline", "wait_for_scores"],
  ["production_etl_v2", CLEARS, "monitor_errors", "mark_errors"],
  ["legacy_import", WAITS_FOR, "wide_reindex", "wait_for_legacy"],
];

export function dependencyService(
  world: FakeWorld,
  lookup: Lookup,
): ServiceImpl<typeof DependencyService> {
  const node = (id: string) => ({
    ...{ kind: DependencyNodeKind.DAG, id, exists: world.dags.has(id) },
  });
  return {
    listDagDependencies({ dagId, levels, pageSize, pageToken }) {
      const near = dagId === "" ? arrows : arrowsNear(lookup.dag(dagId).spec.dagId, levels || 1);
      const all = near.map(
        ([from, kind, to, taskId]): MessageInitShape<typeof DagDependencySchema> => ({
          ...{ from: node(from), to: node(to), kind, taskId },
        }),
      );
      const page = pageOf(all, pageSize || 200, pageToken);
      return { dependencies: page.items, nextPageToken: page.next };
    },
    listRunLinks({ runId }) {
      lookup.run(runId);
      return { parents: [], children: [] };
    },
  };
}

/** Arrows between what is so many arrows away, in either direction. */
function arrowsNear(dagId: string, levels: number): readonly Arrow[] {
  const near = new Set([dagId]);
  for (let level = 0; level < levels; level += 1) {
    const found = arrows.filter(([from, , to]) => near.has(from) || near.has(to));
    for (const [from, , to] of found) near.add(from).add(to);
  }
  return arrows.filter(([from, , to]) => near.has(from) && near.has(to));
}
