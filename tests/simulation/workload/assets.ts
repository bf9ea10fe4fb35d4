/** Assets of a seed: tasks make them, later DAGs wait for them, and people say that they changed. */

import { create, toBinary } from "@bufbuild/protobuf";
import {
  compileDag,
  type AssetDefinition,
  type AssetExpression,
  type DagSpec,
} from "@millrace/engine";
import { AssetEventsPendingSchema } from "@millrace/wire/internal";
import type { Plan } from "../plan.ts";
import type { Random } from "../random.ts";
import type { World } from "../world.ts";

export const uris = ["file:///orders", "file:///prices", "file:///stock"];
const tellEveryMs = 20_000;

export function assetOf(uri: string): AssetDefinition {
  return { kind: "asset", uri, name: uri, group: "asset", extra: "" };
}

/** Every DAG makes what is its own by its place, and may wait for what DAGs before it make: so nothing goes in circles. */
export function withAssets(random: Random, spec: DagSpec, place: number): DagSpec {
  const own = uris[place] ?? uris[0]!;
  const tasks = spec.tasks.map((task) =>
    random.chance(0.3) ? { ...task, outlets: [assetOf(own)] } : task,
  );
  const made = { ...spec, tasks };
  if (place === 0 || random.chance(0.2)) return made;
  const { schedule } = spec;
  const expression = anExpression(random, uris.slice(0, place));
  const consumer: DagSpec =
    schedule !== null && schedule.kind !== "continuous" && isTime(schedule)
      ? { ...made, schedule: { kind: "asset_or_time", expression, time: schedule } }
      : {
          ...made,
          ...{ schedule: { kind: "assets", expression }, overlap: "allow", catchup: false },
          ...{ startDate: null, endDate: null },
        };
  compileDag(consumer);
  return consumer;
}

type OrdinaryTime = Exclude<
  NonNullable<DagSpec["schedule"]>,
  { kind: "assets" | "partitioned_assets" | "asset_or_time" | "custom" }
>;

function isTime(schedule: NonNullable<DagSpec["schedule"]>): schedule is OrdinaryTime {
  return !["assets", "partitioned_assets", "asset_or_time", "custom"].includes(schedule.kind);
}

function anExpression(random: Random, from: readonly string[]): AssetExpression {
  const events = (uri: string): AssetExpression => ({
    ...{ kind: "events", of: assetOf(uri), count: 1 + random.below(3) },
  });
  if (from.length < 2) return events(from[0]!);
  const kind = random.pick(["all_of", "any_of"] as const);
  return { kind, expressions: from.map(events) };
}

export function expressionOf({ schedule }: DagSpec): AssetExpression | null {
  const isOfAssets = schedule?.kind === "assets" || schedule?.kind === "asset_or_time";
  return isOfAssets ? schedule.expression : null;
}

/** People say that assets changed; now and then nobody hears the bell. */
export function startAssets(world: World, plan: Plan): void {
  const random = world.random.fork("assets over time");
  for (let ms = 0; ms < plan.faultMs; ms += random.between(0, 2 * tellEveryMs)) {
    const uri = random.pick(uris);
    const isRung = random.chance(0.8);
    world.machine.after(ms, null, () => tellOf(world, uri, null, isRung));
  }
}

/** Somebody says that an asset, or a part of it, changed. */
export function tellOf(world: World, uri: string, key: string | null, isRung: boolean): void {
  const { assets } = world.server.tables;
  world.trace.note("people", `${uri} has changed${key === null ? "" : `: ${key}`}`);
  const dagIds = assets.add({
    ...{ asset_id: assets.idOf(uri), extra: null, source: 2, aliases: [] },
    ...{ dag_id: null, run_id: null, task_id: null, map_ix: null },
    ...{ partition_key: key, at: world.databaseNow() },
  });
  const api = world.apis.find(({ process }) => process.isAlive);
  if (!isRung || dagIds.length === 0) return;
  const message = create(AssetEventsPendingSchema, { dagIds: [...dagIds] });
  api?.process.enter(() =>
    api.context.bus.publish("assets", toBinary(AssetEventsPendingSchema, message)),
  );
}
