/** Partitions of a seed: runs and events have keys, and later DAGs have a run for each key that suffices. */

import { context } from "@millrace/sdk";
import {
  compileDag,
  type AssetExpression,
  type DagSpec,
  type PartitionedAssetSchedule,
  type PartitionMapper,
} from "@millrace/engine";
import type { Plan } from "../plan.ts";
import type { Random } from "../random.ts";
import type { World } from "../world.ts";
import { placeOf } from "./across.ts";
import { assetOf, tellOf, uris } from "./assets.ts";
import { registerDag } from "./register.ts";

const tellEveryMs = 15_000;
/** The keys of a schedule's runs, by the minute of their fire. */
export const fireKeyFormat = "YYYY-MM-DDTHH:mm";

/** What the events of an asset are about; now and then something else is said. */
type Family = "dates" | "words" | "pairs";
const keys: Readonly<Record<Family, readonly string[]>> = {
  dates: [
    ...["2026-01-09", "2026-02-01T05", "2026-02-01T06", "2026-02-01T06:30", "2026-02-02T05"],
    ...["2026-03-31T23", "2026-04-01"],
  ],
  words: ["eu", "us", "ap"],
  pairs: ["2026-02-01T05|eu", "2026-02-01T06|us", "2026-02-01T07|eu", "2026-02-02|us"],
};
const strange = 0.1;

const dates = { inputFormat: "", outputFormat: "", timezone: "UTC", inputTimezone: "" };
const startOf = (unit: "hour" | "day" | "month"): PartitionMapper => ({
  ...{ kind: "start_of", unit, dates },
});
const identity: PartitionMapper = { kind: "identity" };
const regions: PartitionMapper = {
  ...{ kind: "segments", keys: ["eu", "us"], to: "world", atLeast: null },
};
/** Identity takes any key. */
const mappers: Readonly<Record<Family, readonly PartitionMapper[]>> = {
  dates: [
    ...[startOf("hour"), startOf("day"), startOf("month")],
    { kind: "rollup", window: "quarter", step: "month", dates, atLeast: null },
    { kind: "rollup", window: "month", step: "hour", dates, atLeast: 2 },
    { kind: "rollup", window: "day", step: "hour", dates, atLeast: 2 },
    { kind: "fan_out", window: "quarter", step: "month", dates },
    { kind: "chain", mappers: [startOf("day"), startOf("month")] },
  ],
  words: [
    regions,
    { kind: "segments", keys: ["eu", "us", "ap"], to: "world", atLeast: 2 },
    { kind: "allowed_keys", keys: ["eu", "us"] },
    { kind: "each_of", keys: ["north", "south"] },
    { kind: "fixed_key", key: "all" },
  ],
  pairs: [
    { kind: "product", mappers: [startOf("day"), identity] },
    { kind: "product", mappers: [startOf("month"), regions] },
    { kind: "product", mappers: [startOf("hour"), { kind: "allowed_keys", keys: ["eu"] }] },
  ],
};

function familyOf(random: Random, uri: string): Family {
  return random.fork(`family of ${uri}`).pick(["dates", "dates", "words", "pairs"] as const);
}

/** The key of an event, or of a run that makes some. */
function aKey(random: Random, family: Family): string {
  if (!random.chance(strange)) return random.pick(keys[family]);
  return random.pick(keys[random.pick(["dates", "words", "pairs"] as const)]);
}

/** Every DAG makes an asset of its own by its place, and may wait by partition for those of DAGs before it. */
export function withPartitions(
  { random: ofWorld }: Pick<World, "random">,
  random: Random,
  spec: DagSpec,
  place: number,
): DagSpec {
  const own = uris[place] ?? uris[0]!;
  const tasks = spec.tasks.map((task) =>
    task.outlets.length === 0 && random.chance(0.3) ? { ...task, outlets: [assetOf(own)] } : task,
  );
  const made = { ...withFireKeys(random, spec), tasks };
  if (place === 0 || random.chance(0.25)) return made;
  return checked({
    ...{ ...made, schedule: aSchedule(ofWorld, random, place), startingDeadlineMs: null },
    ...{ overlap: "allow", catchup: false, startDate: null, endDate: null },
  });
}

function checked(spec: DagSpec): DagSpec {
  compileDag(spec);
  return spec;
}

function aSchedule(ofWorld: Random, random: Random, place: number): PartitionedAssetSchedule {
  const waited = uris.slice(0, place);
  const mappings = waited.flatMap((uri) => {
    if (random.chance(0.25)) return [];
    return { uri, name: "", mapper: random.pick(mappers[familyOf(ofWorld, uri)]) };
  });
  return { kind: "partitioned_assets", expression: anExpression(random, waited), mappings };
}

/** Runs of a cron schedule are about its fires, or those before or after them. */
function withFireKeys(random: Random, spec: DagSpec): DagSpec {
  const { schedule } = spec;
  if (schedule?.kind !== "cron" || random.chance(0.2)) return spec;
  const partition = { format: fireKeyFormat, offset: random.below(4) - 2 };
  return { ...spec, schedule: { ...schedule, partition } };
}

function anExpression(random: Random, from: readonly string[]): AssetExpression {
  const events = (uri: string): AssetExpression => ({
    ...{ kind: "events", of: assetOf(uri), count: random.chance(0.7) ? 1 : 2 },
  });
  if (from.length < 2) return events(from[0]!);
  const kind = random.pick(["all_of", "any_of"] as const);
  return { kind, expressions: from.map(events) };
}

/** A key for a run of a DAG that somebody asks for; empty for none. */
export function runKeyFor(world: World, random: Random, dagId: string): string {
  const version = [...world.server.tables.versions.values()].find((one) => one.dag_id === dagId)!;
  const [uri] = outletUris(world.dagOfVersion(version.id).tasks);
  return random.chance(0.4) ? "" : aKey(random, familyOf(world.random, uri ?? uris[0]!));
}

function outletUris(tasks: readonly Pick<DagSpec["tasks"][number], "outlets">[]): string[] {
  const outlets = tasks.flatMap((task) => task.outlets);
  return outlets.flatMap((of) => (of.kind === "asset" ? [of.uri] : []));
}

/**
 * People say that parts of assets changed; now and then nobody hears the bell. Some DAGs get another version, with other mappers;
 * `dags` has it then.
 */
export function startPartitions(world: World, plan: Plan, dags: DagSpec[]): void {
  const random = world.random.fork("partitions over time");
  for (let ms = 0; ms < plan.faultMs; ms += random.between(0, 2 * tellEveryMs)) {
    const uri = random.pick(uris);
    const key = random.chance(0.1) ? null : aKey(random, familyOf(world.random, uri));
    const isRung = random.chance(0.8);
    world.machine.after(ms, null, () => tellOf(world, uri, key, isRung));
  }
  for (const [place, dag] of dags.entries()) {
    if (dag.schedule?.kind !== "partitioned_assets" || random.chance(0.6)) continue;
    const schedule = aSchedule(world.random, random, place);
    world.machine.after(random.between(0, plan.faultMs), null, () => {
      dags[place] = checked({ ...dag, schedule });
      registerDag(world.server.tables, dags[place], world.databaseNow());
      world.trace.note("people", `${dag.dagId} has other mappers`);
      const api = world.apis.find(({ process }) => process.isAlive);
      api?.process.enter(() => api.context.bus.publish("dags", new Uint8Array()));
    });
  }
}

/** What a body says of its outlets: which parts of them it has made. Most say nothing. */
export function sayPartitions(world: World, random: Random, attemptId: string): void {
  const place = placeOf(world, attemptId);
  for (const uri of place === null ? [] : outletUris([place.task])) {
    if (random.chance(0.4)) continue;
    for (let times = 1 + random.below(3); times > 0; times--) {
      const partition = random.chance(0.1) ? "" : aKey(random, familyOf(world.random, uri));
      const option = partition === "" ? {} : { partition };
      context().outlets.extra(assetOf(uri), { times }, option);
      const said = world.said.get(attemptId) ?? [];
      world.said.set(attemptId, [...said, { uri, alias: "", partition, extra: times }]);
    }
  }
}
