import { create } from "@bufbuild/protobuf";
import { timestampFromMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { DagSchema, ReasonKind } from "@millrace/wire/v1";
import type { Dag, DagService } from "@millrace/wire/v1";
import type { FakeDag } from "./fake-dag.ts";
import { summary } from "./fake-lookup.ts";
import type { Lookup } from "./fake-lookup.ts";
import type { FakeWorld } from "./fake-world.ts";

export function dagService(
  world: FakeWorld,
  lookup: Lookup,
): Partial<ServiceImpl<typeof DagService>> {
  const pause = (dagId: string, isPaused: boolean) => {
    const dag = lookup.dag(dagId);
    if (isPaused) world.paused.add(dagId);
    else world.paused.delete(dagId);
    return { dag: dagMessage(world, dag) };
  };
  return {
    listDags(request) {
      const wanted = request.search.toLowerCase();
      const matching = [...world.dags.values()]
        .filter(({ spec }) =>
          [spec.dagId, spec.description, ...spec.tags].join(" ").toLowerCase().includes(wanted),
        )
        .filter(({ spec }) => request.tags.every((tag) => spec.tags.includes(tag)))
        .filter(
          ({ spec }) =>
            request.isPaused === undefined || world.paused.has(spec.dagId) === request.isPaused,
        )
        .sort((a, b) => a.spec.dagId.localeCompare(b.spec.dagId));
      const dags = matching.slice(0, request.pageSize || 50).map((dag) => dagMessage(world, dag));
      return { dags, total: matching.length };
    },
    getDag: ({ dagId }) => ({ dag: dagMessage(world, lookup.dag(dagId)) }),
    pauseDag: ({ dagId }) => pause(dagId, true),
    unpauseDag: ({ dagId }) => pause(dagId, false),
    getDagSpec: ({ dagId }) => ({ spec: lookup.dag(dagId).spec, version: 3 }),
    getDagSource({ dagId }) {
      const { spec } = lookup.dag(dagId);
      return { file: spec.file, source: spec.source, version: 3 };
    },
    listNextRuns({ dagId, count }) {
      const { spec } = lookup.dag(dagId);
      const isPaused = world.paused.has(dagId);
      if (spec.schedule === undefined) {
        const message = "The DAG has no schedule: its runs are made by hand.";
        return { plannedRuns: [], reasons: [{ kind: ReasonKind.SCHEDULE, message }] };
      }
      if (spec.schedule.kind.case === "assets") return { plannedRuns: [], reasons: assetReasons };
      const message = "The DAG is paused; unpause it to let tasks start.";
      return {
        plannedRuns: plannedDays(Math.min(count, 60)),
        reasons: isPaused ? [{ kind: ReasonKind.DAG_PAUSED, message }] : [],
      };
    },
    listImportErrors: () => ({
      errors: [
        {
          folder: "dags",
          file: "invoices/monthly.ts",
          message:
            'invoices/monthly.ts:14:22: error: Could not resolve "./rates.ts"\n\n    14 │ import { rates } from "./rates.ts";\n       ╵                       ~~~~~~~~~~~~',
          seenAt: timestampFromMs(Date.now() - 95_000),
        },
      ],
    }),
  };
}

/** Daily at six in the morning, UTC, whatever the schedule. */
function plannedDays(count: number): { logicalDate: Timestamp; runAfter: Timestamp }[] {
  const dayMs = 86_400_000;
  const first = Math.floor(Date.now() / dayMs + 1) * dayMs + dayMs / 4;
  return Array.from({ length: count }, (_, n) => {
    const at = timestampFromMs(first + n * dayMs);
    return { logicalDate: at, dataIntervalStart: at, dataIntervalEnd: at, runAfter: at };
  });
}

const assetReasons = [
  {
    ...{ kind: ReasonKind.ASSETS, evidence: { uri: "s3://shop/orders", have: "2", need: "3" } },
    message: "Waits for 1 more event of s3://shop/orders; it has 2 of 3.",
  },
];

/** Of the one DAG that is scheduled on assets. */
const assetsText = "3 × s3://shop/orders & s3://shop/report";

function dagMessage(world: FakeWorld, { spec }: FakeDag): Dag {
  const cron = spec.schedule?.kind.case === "cron" ? spec.schedule.kind.value : undefined;
  const isOnAssets = spec.schedule?.kind.case === "assets";
  const isPaused = world.paused.has(spec.dagId);
  const nextAt = Math.ceil(Date.now() / 1_800_000) * 1_800_000;
  return create(DagSchema, {
    dagId: spec.dagId,
    version: 3,
    description: spec.description,
    tags: spec.tags,
    owner: spec.owner,
    isPaused,
    isActive: true,
    schedule: cron?.expressions.join(" | ") ?? (isOnAssets ? assetsText : ""),
    timezone: cron?.timezone ?? "",
    recentRuns: world.runsOf(spec.dagId).slice(0, 25).map(summary),
    file: spec.file,
    taskCount: spec.tasks.length,
    paramsSchema: spec.paramsSchema,
    maxActiveRuns: spec.maxActiveRuns,
    maxActiveTasks: spec.maxActiveTasks,
    registeredAt: timestampFromMs(Date.now() - 86_400_000),
    ...(cron === undefined || isPaused ? {} : { nextRunAt: timestampFromMs(nextAt) }),
  });
}
