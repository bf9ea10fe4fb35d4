/** Warnings about pools that registered tasks name: such tasks wait, and somebody should know before they do. */

import { listPools } from "@millrace/db";
import { defaultPool, type DagSpec } from "@millrace/engine";
import type { Call } from "@millrace/service";
import type { ApiContext } from "./context.ts";

/** Writes one warning for each task whose pool does not exist, or has fewer slots than the task takes; at most so many. */
const warningsMax = 20;

export async function warnOfPools(
  { db }: Pick<ApiContext, "db">,
  call: Call,
  specs: readonly DagSpec[],
): Promise<void> {
  const named = specs.flatMap(({ dagId, tasks }) =>
    tasks
      .filter(({ pool, poolSlots }) => pool !== defaultPool || poolSlots > 1)
      .map(({ id, pool, poolSlots }) => ({ dagId, id, pool, poolSlots })),
  );
  if (named.length === 0) return;
  const pools = new Map((await listPools(db)).map(({ name, slots }) => [name, slots ?? Infinity]));
  const held = named.filter(({ pool, poolSlots }) => poolSlots > (pools.get(pool) ?? 0));
  for (const { dagId, id, pool, poolSlots } of held.slice(0, warningsMax))
    call.log.warn(
      {
        ...{ dag_id: dagId, task_id: id, pool, pool_slots: poolSlots },
        slots: pools.get(pool) ?? null,
      },
      pools.has(pool) ? "dag.pool_too_small" : "dag.pool_missing",
    );
}
