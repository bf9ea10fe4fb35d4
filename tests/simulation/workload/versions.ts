/** People register new versions of DAGs: other tasks, other schedules, other limits, or what it was before; now and then they are gone for a while. */

import { create } from "@bufbuild/protobuf";
import { assetsOf, type DagSpec } from "@millrace/engine";
import { dagSpecToProto } from "@millrace/wire";
import { RegisterDagsRequestSchema } from "@millrace/wire/v1";
import { registerDags } from "../../../services/api/src/rpc/register-dags.ts";
import { startFrontDoor } from "../nodes/front-door.ts";
import type { Plan } from "../plan.ts";
import type { Random } from "../random.ts";
import type { World } from "../world.ts";
import { aDagFor } from "./dags.ts";
import { withFeatures } from "./features.ts";
import { msToTick } from "./pauses.ts";
import type { SimulatedPool } from "./pools.ts";
import { folderOf } from "./register.ts";

const versionsMax = 4;

export type Versions = { open(): number };

export type FirstVersions = {
  /** As they were before they got what the seed has. */
  readonly plain: readonly DagSpec[];
  readonly dags: readonly DagSpec[];
  readonly pools: readonly SimulatedPool[];
};

export function startVersions(world: World, plan: Plan, first: FirstVersions): Versions {
  const door = startFrontDoor(world, "author");
  const random = world.random.fork("versions");
  let open = 0;
  for (const [place, dag] of first.dags.entries()) {
    if (namesAssets(dag) || random.chance(0.3)) continue;
    open += 1;
    const own = random.fork(dag.dagId);
    const count = 1 + own.below(versionsMax);
    const moments = Array.from({ length: count }, () => own.between(0, plan.faultMs * 0.8));
    live(
      place,
      own,
      moments.toSorted((a, b) => a - b),
    ).then(
      () => void (open -= 1),
      (error: unknown) => world.failures.push(error),
    );
  }

  async function live(place: number, own: Random, moments: readonly number[]): Promise<void> {
    const known = [first.dags[place]!];
    const begin = world.machine.now;
    for (const [at, ms] of moments.entries()) {
      await wait(Math.max(0, begin + ms - world.machine.now));
      const spec = own.chance(0.3) ? own.pick(known) : another(place, own, at + 2);
      known.push(spec);
      if (own.chance(0.15)) {
        await register(own, spec.dagId, []);
        await wait(own.between(0, 20_000));
      }
      // Just when a run of the version before is made.
      const untilTick = own.chance(0.4) ? msToTick(world, spec.dagId) : null;
      if (untilTick !== null) await wait(untilTick + own.between(3_000, 5_500));
      await register(own, spec.dagId, [spec]);
    }
  }

  function another(place: number, own: Random, edition: number): DagSpec {
    const dag = first.plain[place]!;
    const plain = first.plain.with(place, changed(own, dag));
    const hasNot = {
      assets: false,
      watchers: false,
      partitions: false,
      inputs: false,
      aliases: false,
      deciders: false,
    };
    const has = { ...plan.has, ...hasNot };
    return withFeatures(world, { ...plan, has }, plain, first.pools, edition)[place]!;
  }

  /** Without a spec the DAG is gone from its folder. */
  async function register(own: Random, dagId: string, specs: readonly DagSpec[]): Promise<void> {
    const request = create(RegisterDagsRequestSchema, {
      requestId: own.uuid(),
      folder: folderOf(dagId),
      dags: specs.map(dagSpecToProto),
    });
    const answer = await door.process.enter(() => door.call(registerDags, request));
    if ("refused" in answer || answer.errors?.length !== 0)
      throw new Error(`A version was refused: ${JSON.stringify(answer)}`);
    const version = answer.dags?.[0]?.version;
    const change = version === undefined ? "is gone" : `has the version ${version}`;
    world.trace.note("people", `${dagId} ${change}`);
  }

  function wait(ms: number): Promise<void> {
    return new Promise((resolve) => door.process.after(ms, () => resolve()));
  }

  return { open: () => open };
}

function namesAssets({ tasks, schedule, inputs }: DagSpec): boolean {
  return (
    tasks.some(({ outlets }) => outlets.length > 0) ||
    assetsOf(schedule) !== null ||
    inputs !== null
  );
}

/** Where the past counts, before or after, the tasks stay: one that the run before was made without waits for ever (5.1). */
function changed(random: Random, dag: DagSpec): DagSpec {
  if (looksBack(dag)) return dag;
  const other = random.chance(0.6) ? aDagFor(random, dag.dagId) : dag;
  const next = looksBack(other) ? dag : other;
  return { ...next, maxActiveRuns: 1 + random.below(3) };
}

function looksBack({ tasks }: DagSpec): boolean {
  return tasks.some((task) => task.dependsOnPast || task.waitForDownstream);
}
