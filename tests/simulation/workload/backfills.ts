/** Backfills of a seed: people make one for a DAG with a schedule, pause it, go on with it, and cancel some. */

import { dateAnchor, datesWithin, type DagSpec } from "@millrace/engine";
import { ReprocessBehavior } from "@millrace/wire/v1";
import { startClient } from "../nodes/client-node.ts";
import type { Plan } from "../plan.ts";
import type { Random } from "../random.ts";
import type { World } from "../world.ts";
import { someParams } from "./params.ts";

const kinds: readonly string[] = ["cron", "cron_interval", "delta", "delta_interval", "events"];
const datesMax = 6;
const { NONE, FAILED, COMPLETED } = ReprocessBehavior;
const reprocesses = [NONE, FAILED, COMPLETED];

/** Nothing is open once it answers 0. */
export type Backfills = { open(): number };

export function startBackfills(world: World, plan: Plan, dags: readonly DagSpec[]): Backfills {
  const random = world.random.fork("backfills");
  const client = startClient(world, "filler");
  let open = 0;
  for (const dag of dags) {
    if (!isFit(dag) || dag.tasks.some((task) => task.dependsOnPast) || random.chance(0.3)) continue;
    open += 1;
    client.process.after(random.between(0, plan.faultMs * 0.7), () => {
      live(dag).then(
        () => void (open -= 1),
        (error: unknown) => world.failures.push(error),
      );
    });
  }

  async function live(dag: DagSpec): Promise<void> {
    const key = await make(dag);
    if (key === null) return;
    for (let turns = random.below(3); turns > 0; turns--) {
      await pause(random.between(0, 15_000));
      await change(dag, key, "pauseBackfill");
      await pause(random.between(0, 15_000));
      await change(dag, key, "resumeBackfill");
    }
    if (random.chance(0.2)) await change(dag, key, "cancelBackfill");
  }

  /** Null when it was refused. */
  async function make(dag: DagSpec): Promise<bigint | null> {
    const { spec } = world.newestOf(dag.dagId);
    if (!isFit(spec)) return null;
    const { value } = askedOf(world, random, spec);
    const answer = await client.ask(dag.dagId, { case: "createBackfill", value }, random.uuid());
    if ("refused" in answer || answer.reply.case !== "backfillKey") return null;
    return answer.reply.value;
  }

  async function change(
    { dagId }: DagSpec,
    backfillKey: bigint,
    kind: "pauseBackfill" | "resumeBackfill" | "cancelBackfill",
  ): Promise<void> {
    await client.ask(dagId, { case: kind, value: { backfillKey, dagId } }, random.uuid());
  }

  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  return { open: () => open };
}

function isFit({ schedule }: DagSpec): boolean {
  return schedule !== null && kinds.includes(schedule.kind);
}

function askedOf(world: World, random: Random, dag: DagSpec) {
  const now = world.databaseNow();
  const { dagId, schedule } = dag;
  const row = world.server.tables.dags.get(dagId)!;
  const last =
    row.last_interval_end === null
      ? null
      : { start: row.last_interval_start!, end: row.last_interval_end };
  const stepMs = schedule !== null && "everyMs" in schedule ? schedule.everyMs : 60_000;
  const [from, to] = [now - datesMax * stepMs, now - random.below(2) * stepMs];
  const isReverse = random.chance(0.3);
  const anchor = dateAnchor(dag, last, from);
  const dates = [...datesWithin({ dagId, schedule, anchor }, { from, to, asOf: now, isReverse })];
  const version = world.server.tables.newestOf(dagId);
  const value = {
    ...{ dagId, dagVersionKey: version.id, reverse: isReverse, dateCount: dates.length },
    ...{ fromMs: BigInt(from), toMs: BigInt(to), asOfMs: BigInt(now) },
    ...{ anchorMs: BigInt(Math.floor(anchor)), reprocess: random.pick(reprocesses) },
    ...{ maxActiveRuns: 1 + random.below(3), params: someParams(random), hasParams: false },
  };
  return { value };
}
