/** People pause DAGs, and let them go on some time later. */

import { create, equals } from "@bufbuild/protobuf";
import {
  PauseDagRequestSchema,
  PauseDagResponseSchema,
  UnpauseDagRequestSchema,
} from "@millrace/wire/v1";
import { pauseDag, unpauseDag } from "../../../services/api/src/rpc/pause-dag.ts";
import { ensure } from "../check/violation.ts";
import { startFrontDoor } from "../nodes/front-door.ts";
import type { Plan } from "../plan.ts";
import type { World } from "../world.ts";

const pausesMax = 3;
const longestMs = 40_000;
/** From half of this before a tick to half of it afterwards everybody has heard of the pause, mostly. */
const tickMs = 10_000;
/** How often a request that was answered is made again. */
const repeated = 0.3;

/** Every DAG has been let go again once it answers 0. */
export type Pauses = { open(): number };

export function startPauses(world: World, plan: Plan, dagIds: readonly string[]): Pauses {
  const door = startFrontDoor(world, "pauser");
  const random = world.random.fork("pauses");
  let open = 0;
  for (const dagId of dagIds) {
    if (random.chance(0.3)) continue;
    open += 1;
    door.process.after(random.between(0, plan.faultMs * 0.7), () => {
      live(dagId).then(
        () => void (open -= 1),
        (error: unknown) => world.failures.push(error),
      );
    });
  }

  async function live(dagId: string): Promise<void> {
    for (let turns = 1 + random.below(pausesMax); turns > 0; turns--) {
      const untilTick = random.chance(0.5) ? msToTick(world, dagId) : null;
      await wait(untilTick ?? 0, untilTick ?? 0);
      await turn(dagId, true);
      if (untilTick === null) await wait(0, random.chance(0.2) ? 1_000 : longestMs);
      else await wait(tickMs, longestMs);
      await turn(dagId, false);
      await wait(0, longestMs);
    }
  }

  async function turn(dagId: string, isPaused: boolean): Promise<void> {
    const say = sayer(dagId, isPaused);
    const first = await say();
    world.trace.note("people", `${dagId} is ${isPaused ? "paused" : "unpaused"}`);
    if ("refused" in first) throw new Error(`A switch was not turned: ${first.refused}`);
    if (!random.chance(repeated)) return;
    const second = await say();
    ensure(
      !("refused" in second) && equals(PauseDagResponseSchema, first, second),
      "S2",
      () => `turning the switch of ${dagId} was answered in two ways`,
    );
  }

  /** The same request, however often it is made. */
  function sayer(dagId: string, isPaused: boolean) {
    const value = { dagId, requestId: random.uuid() };
    const asked = isPaused
      ? ([pauseDag, create(PauseDagRequestSchema, value)] as const)
      : ([unpauseDag, create(UnpauseDagRequestSchema, value)] as const);
    return async () => {
      const [handler, request] = asked;
      const answer = await door.call(handler as typeof pauseDag, request as never);
      return "refused" in answer ? answer : create(PauseDagResponseSchema, answer);
    };
  }

  const wait = (leastMs: number, mostMs: number) =>
    new Promise((resolve) => setTimeout(resolve, random.between(leastMs, mostMs)));
  return { open: () => open };
}

/** How long until shortly before a DAG's next run is due; null when that is not soon. */
export function msToTick({ server, databaseNow }: World, dagId: string): number | null {
  const ms = (server.tables.dags.get(dagId)?.next_run_at ?? Infinity) - databaseNow() - tickMs / 2;
  return ms > 0 && ms < longestMs ? ms : null;
}
