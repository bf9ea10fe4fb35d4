/** The same call to a real database and to the one in memory, for whoever compares what comes of it. */

import type { Database } from "@millrace/db";
import { isMillraceError } from "@millrace/engine";
import type { World } from "../world.ts";

export type Step = (db: Database) => Promise<unknown>;

/** Refusals are answers. */
export async function answerOf(db: Database, step: Step): Promise<unknown> {
  try {
    return await step(db);
  } catch (error) {
    if (isMillraceError(error)) return { refused: error.reason };
    return { refused: (error as { code?: string }).code };
  }
}

/** Calls of a process of the simulation, which goes on until each has its answer. */
export function callerInMemory(world: World, answer = answerOf): (step: Step) => Promise<unknown> {
  const process = world.spawn("client");
  const simulated = process.enter(() => world.database(process));
  return async (step) => {
    let isDone = false;
    const result = process.enter(() => answer(simulated, step).finally(() => (isDone = true)));
    await world.machine.runUntil(world.machine.now + 3_600_000, () => isDone);
    return result;
  };
}

/** Some reads promise no order. */
export function byText<T>(rows: readonly T[]): T[] {
  return rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
