/** Each event with a key makes or joins one run for each key that it is mapped to, of every DAG that waits by partition. */

import type { DagSpec, PartitionedAssetSchedule, PartitionMapper } from "@millrace/engine";
import type { AssetEventRow, RunRow } from "../database/rows.ts";
import type { Tables } from "../database/tables.ts";
import type { World } from "../world.ts";
import { suffices, targetsOf, type Come, type Target } from "./partition-keys.ts";
import { ensure } from "./violation.ts";

const promise = "semantics 10.6";
const assetTriggered = 4;
const minuteMs = 60_000;

/** By what a version of a DAG makes runs. */
type Waiting = {
  readonly versionId: number;
  readonly dagId: string;
  readonly schedule: PartitionedAssetSchedule;
  /** By asset: the uri, and how its events are mapped. */
  readonly mappers: ReadonlyMap<number, { readonly uri: string; readonly mapper: PartitionMapper }>;
};

/** Of its versions, the newest first. Null when it does not wait by partition. */
function waitingsOf(world: World, { dagId, schedule }: DagSpec): readonly Waiting[] | null {
  if (schedule?.kind !== "partitioned_assets") return null;
  const { assets, versions } = world.server.tables;
  const own = [...versions.values()].filter((version) => version.dag_id === dagId);
  return own
    .toSorted((a, b) => b.id - a.id)
    .flatMap(({ id: versionId }) => {
      const of = world.dagOfVersion(versionId).spec.schedule;
      if (of?.kind !== "partitioned_assets") return [];
      const mappers = new Map(
        [...new Set(leafUris(of.expression))].map((uri) => {
          const mapping = of.mappings.find((one) => one.uri === uri);
          return [assets.idOf(uri), { uri, mapper: mapping?.mapper ?? { kind: "identity" } }];
        }),
      );
      return { versionId, dagId, schedule: of, mappers };
    });
}

function leafUris(expression: PartitionedAssetSchedule["expression"]): string[] {
  if (expression.kind !== "events") return expression.expressions.flatMap(leafUris);
  return expression.of.kind === "asset" ? [expression.of.uri] : [];
}

/** Null when its key is mapped to none; nothing for an event that the DAG does not wait for. */
function targetsOfEvent(
  { mappers }: Waiting,
  { asset_id: assetId, partition_key: key }: AssetEventRow,
): readonly Target[] | null {
  const mapper = mappers.get(assetId)?.mapper;
  return mapper === undefined || key === null ? [] : targetsOf(mapper, key);
}

/** Whether these events make a run of a key. */
function makeRun(waiting: Waiting, key: string, events: readonly AssetEventRow[]): boolean {
  const { schedule, mappers } = waiting;
  const of = (uri: string) => [...mappers].find(([, each]) => each.uri === uri)!;
  const comeOf = (uri: string): Come => {
    const [id] = of(uri);
    const own = events.filter((event) => event.asset_id === id);
    const parts = own.flatMap((event) =>
      (targetsOfEvent(waiting, event) ?? []).filter((target) => target.key === key),
    );
    return { events: own.length, parts: new Set(parts.map(({ part }) => part)).size };
  };
  return suffices(schedule.expression, (uri) => of(uri)[1].mapper, comeOf);
}

/** What is still to come of a DAG's partitions: events that nobody has sorted, and keys that have what they wait for. */
export function expectedPartitions(world: World, spec: DagSpec): string[] {
  const [waiting] = waitingsOf(world, spec) ?? [];
  if (waiting === undefined) return [];
  const { assets } = world.server.tables;
  const rows = assets.partitions.filter((row) => row.dag_id === spec.dagId);
  const isBehind =
    assets.pending.some((row) => row.dag_id === spec.dagId) ||
    rows.some((row) => row.dag_version_id !== waiting.versionId);
  if (isBehind) return [`sorting of events for ${spec.dagId}`];
  const sorted = rows.filter((row) => row.target_key !== "");
  return [...Map.groupBy(sorted, (row) => row.target_key)].flatMap(([key, ofKey]) => {
    const events = ofKey.map((row) => assets.events.get(row.event_id)!);
    return makeRun(waiting, key, events) ? [`a run of ${spec.dagId} for ${key}`] : [];
  });
}

/** By what the tables hold in the end. */
export function checkPartitions(world: World, specs: readonly DagSpec[]): void {
  const { tables } = world.server;
  for (const spec of specs) {
    const runs = [...tables.runs.values()].filter((run) => run.dag_id === spec.dagId);
    checkFireKeys(world, spec, runs);
    const waitings = waitingsOf(world, spec);
    if (waitings === null) continue;
    const made = runs.filter((run) => run.run_type === assetTriggered);
    for (const run of made) {
      const waiting = waitings.find((one) => one.versionId === run.dag_version_id)!;
      checkRun(tables, waiting, run);
    }
    for (const event of tables.assets.events.values()) checkEvent(tables, waitings, made, event);
    const left = expectedPartitions(world, spec);
    ensure(left.length === 0, "L3", () => `${left.join(", ")} still to come`);
  }
}

/** A run has events of its own key, and of those what its DAG asks for. */
function checkRun({ assets }: Tables, waiting: Waiting, run: RunRow): void {
  const { partition_key: key, id } = run;
  const events = (assets.usedBy.get(id) ?? []).map((event) => assets.events.get(event)!);
  const isOfKey = events.every((event) =>
    targetsOfEvent(waiting, event)?.some((target) => target.key === key),
  );
  ensure(
    key !== null && isOfKey && makeRun(waiting, key, events),
    promise,
    () =>
      `run ${id} of ${waiting.dagId} for ${key} was made of ${events.map((event) => event.partition_key).join(", ")}`,
  );
}

/**
 * It is used by one run of each key that it is mapped to, or waits there; one that is mapped to none is shown. What another
 * version has mapped is mapped anew, unless runs have used all of it.
 */
function checkEvent(
  { assets }: Tables,
  [newest, ...older]: readonly Waiting[],
  runs: readonly RunRow[],
  event: AssetEventRow,
): void {
  const { id, partition_key: about } = event;
  const { dagId } = newest!;
  const keysBy = (waiting: Waiting): readonly string[] | null =>
    targetsOfEvent(waiting, event)?.map(({ key }) => key) ?? null;
  const wanted = keysBy(newest!);
  const used = runs
    .filter((run) => assets.usedBy.get(run.id)?.includes(id))
    .map((run) => run.partition_key!);
  const rows = assets.partitions.filter((row) => row.dag_id === dagId && row.event_id === id);
  const waits = rows.flatMap((row) => (row.target_key === "" ? [] : [row.target_key]));
  const isSpent =
    rows.length === 0 &&
    older.some((waiting) => keysBy(waiting)?.every((key) => used.includes(key)) === true);
  const places = [...used, ...waits];
  const isEverywhere = wanted?.every((key) => places.includes(key)) ?? true;
  ensure(
    new Set(places).size === places.length &&
      waits.every((key) => wanted?.includes(key)) &&
      used.every((key) => [newest!, ...older].some((each) => keysBy(each)?.includes(key))) &&
      (isEverywhere || isSpent),
    promise,
    () =>
      `the event ${id} about ${about} is used for ${used.join(", ") || "nothing"} of ${dagId} and left for ${waits.join(", ") || "nothing"}; it is of ${wanted?.join(", ") || "nothing"}`,
  );
  const told = rows.filter((row) => row.target_key === "" && row.problem !== "").length;
  ensure(
    told === (wanted === null && !isSpent ? 1 : 0) && told + waits.length === rows.length,
    promise,
    () => `the event ${id} about ${about} is shown ${told} times as of no key of ${dagId}`,
  );
}

/** Of crons that fire each minute: a run has the minute of its fire, or of one before or after it, as its version says. */
function checkFireKeys(world: World, { dagId }: DagSpec, runs: readonly RunRow[]): void {
  const versions = [...world.server.tables.versions.values()].filter((one) => one.dag_id === dagId);
  // A backfill has the timetable that there was when it began.
  const isAsPlanned = (run: RunRow): boolean => run.run_type === 3 && versions.length === 1;
  const fired = runs.filter(
    (run) => run.run_type === 1 || (isAsPlanned(run) && run.logical_at !== null),
  );
  for (const run of fired) {
    const { schedule } = world.dagOfVersion(run.dag_version_id).spec;
    const cron = schedule?.kind === "asset_or_time" ? schedule.time : schedule;
    const isKeyed = cron?.kind === "cron" && cron.partition !== undefined;
    const fire = isKeyed ? run.logical_at! + cron.intervalMs : 0;
    const moved = isKeyed ? fire + cron.partition.offset * minuteMs : 0;
    const key = isKeyed ? new Date(moved).toISOString().slice(0, 16) : null;
    ensure(
      run.partition_key === key,
      promise,
      () => `run ${run.id} of ${dagId} is about ${run.partition_key}; its fire is about ${key}`,
    );
  }
}
