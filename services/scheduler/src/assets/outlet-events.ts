/** The events of assets that a success makes: one for each outlet, and for each asset that the body named for an alias. */

import type { AssetEventRow } from "@millrace/db";
import {
  outletEvents,
  TaskState,
  type Change,
  type OutletSaid,
  type RunEvent,
} from "@millrace/engine";
import type { Succeeded } from "@millrace/wire/worker";
import type { ActiveRun } from "../runs/run.ts";
import { isAbout } from "../waits/waits.ts";

/** An event before its place in a flush is known. */
export type MadeEvent = Omit<AssetEventRow, "finished">;

const none: readonly MadeEvent[] = [];

/** A task that succeeded by its own work, or by what it waited for, has made what it makes. What a person says has not. */
export function eventsOfSuccess(
  run: ActiveRun,
  change: Change,
  event: RunEvent | null,
  said: readonly OutletSaid[] = [],
): readonly MadeEvent[] {
  if (change.state !== TaskState.success) return none;
  const task = run.version.compiled.tasks[change.ix];
  if (task === undefined || task.outlets.length === 0) return none;
  if (event?.kind === "marked" || event?.kind === "runMarked" || !isAbout(event, change))
    return none;
  const source = { dagId: run.dagId, taskId: task.id };
  return outletEvents(task, said, run.facts.partitionKey).map((made) => ({ ...source, ...made }));
}

export function outletsSaid({ outletEvents: said }: Succeeded): OutletSaid[] {
  return said.map(({ asset, alias, extra, partitionKey }) => ({
    uri: asset?.uri ?? "",
    group: asset?.group ?? "",
    ...{ alias, partitionKey },
    extra: extra?.data ?? null,
  }));
}
