/** Aliases of a seed: bodies name assets for them while they run, and later DAGs wait for whatever is named. */

import { assetAlias, context } from "@millrace/sdk";
import { compileDag, type AssetExpression, type DagSpec } from "@millrace/engine";
import type { Plan } from "../plan.ts";
import type { Random } from "../random.ts";
import type { World } from "../world.ts";
import { placeOf } from "./across.ts";
import { tellOf, uris } from "./assets.ts";

const tellEveryMs = 30_000;
const aliases = ["feeds", "tables", "files"];

/** Those that bodies may name for an alias: some are outlets of the same DAG. */
function namedFor(alias: string): readonly string[] {
  const place = Math.max(0, aliases.indexOf(alias));
  return [uris[place]!, `file:///${alias}/1`, `file:///${alias}/2`];
}

function eventsOf(name: string, count: number): AssetExpression {
  return { kind: "events", of: { kind: "alias", name, group: "asset" }, count };
}

/** Every DAG has aliases of its own by its place, and may wait for those of DAGs before it: so nothing goes in circles. */
export function withAliases(random: Random, spec: DagSpec, place: number): DagSpec {
  const own = aliases.slice(place, place + 1);
  const tasks = spec.tasks.map((task) => {
    if (!random.chance(0.3)) return task;
    const outlets = own.map((name) => ({ kind: "alias", name, group: "asset" }) as const);
    return { ...task, outlets: [...task.outlets, ...outlets] };
  });
  const made = { ...spec, tasks };
  const { schedule } = spec;
  const isFit = schedule === null || schedule.kind === "assets";
  if (place === 0 || !isFit || random.chance(0.2)) return made;
  const waited = eventsOf(random.pick(aliases.slice(0, place)), 1 + random.below(3));
  const kind = random.pick(["all_of", "any_of"] as const);
  const expression: AssetExpression =
    schedule === null ? waited : { kind, expressions: [schedule.expression, waited] };
  const consumer: DagSpec = {
    ...{ ...made, schedule: { kind: "assets", expression }, overlap: "allow", catchup: false },
    ...{ startDate: null, endDate: null },
  };
  compileDag(consumer);
  return consumer;
}

/** What a body says: which assets stand behind its alias. */
export function sayAliases(world: World, random: Random, attemptId: string): void {
  const outlets = placeOf(world, attemptId)?.task.outlets ?? [];
  for (const { kind, name } of outlets) {
    if (kind !== "alias") continue;
    for (let times = random.below(4); times > 0; times--) {
      const uri = random.pick(namedFor(name));
      const extra = random.below(2);
      context().outlets.add(assetAlias(name), uri, { times: extra });
      const said = world.said.get(attemptId) ?? [];
      world.said.set(attemptId, [...said, { uri, alias: name, partition: "", extra }]);
    }
  }
}

/** People say that something changed that bodies have named. */
export function startAliases(world: World, plan: Plan): void {
  const random = world.random.fork("aliases over time");
  for (let ms = 0; ms < plan.faultMs; ms += random.between(0, 2 * tellEveryMs)) {
    const uri = random.pick(namedFor(random.pick(aliases)));
    const isRung = random.chance(0.8);
    world.machine.after(ms, null, () => {
      if (world.server.tables.assets.ids.has(uri)) tellOf(world, uri, null, isRung);
    });
  }
}
