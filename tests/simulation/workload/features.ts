/** What the DAGs of a seed have beside what every seed has. */

import { assetsOf, type DagSpec } from "@millrace/engine";
import type { Plan } from "../plan.ts";
import type { Random } from "../random.ts";
import type { World } from "../world.ts";
import { withTriggers } from "./across.ts";
import { withAliases } from "./aliases.ts";
import { withAssets } from "./assets.ts";
import { withDeadlines } from "./deadlines.ts";
import { withDeciders } from "./deciders.ts";
import { withInputs } from "./inputs.ts";
import { paramsSchemaOf } from "./params.ts";
import { withPartitions } from "./partitions.ts";
import { withPools, type SimulatedPool } from "./pools.ts";
import { withSchedule } from "./schedules.ts";
import { withTimetable } from "./timetables.ts";
import { withWatchers } from "./watchers.ts";

export function withFeatures(
  world: Pick<World, "random" | "begin">,
  { has, faultMs }: Plan,
  plain: readonly DagSpec[],
  pools: readonly SimulatedPool[],
  edition = 1,
): DagSpec[] {
  const forkName = edition === 1 ? "" : ` ${edition}`;
  return plain.map((spec, place) => {
    const randomFor = (what: string) => world.random.fork(`${what} of ${spec.dagId}${forkName}`);
    let dag: DagSpec = { ...spec, paramsSchema: paramsSchemaOf(edition) };
    if (has.versions) dag = { ...dag, bundleDigest: "bundle" };
    if (has.deciders) dag = withDeciders(randomFor("deciders"), dag, has.backfills);
    if (has.pools) dag = withPools(randomFor("pools"), dag, pools);
    if (has.schedules)
      dag = withSchedule(randomFor("schedule"), dag, { now: world.begin, faultMs });
    if (has.keys) dag = withKey(world.random.fork(`key of ${spec.dagId}`), dag);
    if (has.deadlines) dag = withDeadlines(randomFor("deadlines"), dag);
    if (has.rates) dag = withRate(randomFor("rate"), dag);
    if (has.across) {
      const later = plain.slice(place + 1).map(({ dagId }) => dagId);
      dag = withTriggers(randomFor("triggers"), dag, later);
    }
    // Of what has a clock beside assets there are no backfills.
    const mayWait = has.assets || (has.watchers && dag.schedule === null);
    if (mayWait) dag = withAssets(randomFor("assets"), dag, place);
    if (has.aliases) dag = withAliases(randomFor("aliases"), dag, place);
    if (has.watchers) dag = withWatchers(randomFor("watchers"), dag);
    if (has.partitions) dag = withPartitions(world, randomFor("partitions"), dag, place);
    if (has.inputs) dag = withInputs(randomFor("inputs"), dag, { now: world.begin, faultMs });
    // Of what assets and functions decide together there is nothing; nor is there of functions that are paused, or change.
    const isFree = (dag.schedule === null || !has.backfills) && !has.pauses && !has.versions;
    const isPlain = assetsOf(dag.schedule) === null && dag.inputs === null;
    if (has.timetables && isFree && isPlain)
      dag = withTimetable(randomFor("timetable"), dag, { now: world.begin, faultMs });
    return dag;
  });
}

/**
 * One run at a time for a customer. A run that waits for the past of one that waits for its key would wait for ever; a continuous
 * schedule whose runs are cancelled at once makes hundreds a second.
 */
function withKey(random: Random, spec: DagSpec): DagSpec {
  const isUnfit =
    spec.schedule?.kind === "continuous" || spec.tasks.some((task) => task.dependsOnPast);
  if (random.chance(0.3) || isUnfit) return spec;
  const whenBusy = random.pick(["queue", "queue", "cancel_newest", "cancel_oldest"] as const);
  const expression = '{"$":"run","path":["params","customer"]}';
  return { ...spec, concurrencyKey: { expression, whenBusy } };
}

/** Tasks of all DAGs share the starts of one key. */
export const rate = { key: "api", limit: 3, perMs: 8_000 } as const;

function withRate(random: Random, spec: DagSpec): DagSpec {
  const tasks = spec.tasks.map((task) =>
    random.chance(0.3) ? { ...task, rateLimit: rate } : task,
  );
  return { ...spec, tasks };
}
