/** What holds a task back beside the tasks before it, and what it has to do with other DAGs: of its options, in words. */
import type { AssetOrAlias, DeadlineSpec, ExternalRef, TaskSpec } from "@millrace/wire/v1";
import { assetHref } from "./assets.ts";
import type { Place } from "./evidence.ts";
import { durationMsOf, formatCount, formatDuration, plural } from "./format.ts";

/** A name, and words or places; only options that differ from the usual. */
export type TaskFact = {
  readonly name: string;
  readonly words?: string;
  readonly places?: readonly Place[];
};

const defaultPool = "default_pool";

export function limitsOf(task: TaskSpec): readonly TaskFact[] {
  return [
    ...poolFact(task),
    ...(task.maxActiveTis > 0
      ? [{ name: "At a time", words: `${formatCount(task.maxActiveTis)} over all runs` }]
      : []),
    ...(task.maxActiveTisPerRun > 0
      ? [{ name: "In a run", words: `${formatCount(task.maxActiveTisPerRun)} at a time` }]
      : []),
    ...rateFact(task),
    ...pastFact(task),
    ...(task.deadlines.length > 0
      ? [{ name: "Deadlines", words: deadlineNames(task.deadlines) }]
      : []),
    ...placesFact("Makes", task.outlets.map(assetPlace)),
    ...placesFact("Reads", task.inlets.map(assetPlace)),
    ...placesFact("Triggers", task.triggersDagIds.map(dagPlace)),
    ...placesFact("Waits for", task.waitsFor.map(partPlace)),
    ...placesFact("Clears", task.marks.map(partPlace)),
  ];
}

/** "queued + 1h, 8h after the logical date": what people called them. */
export function deadlineNames(deadlines: readonly DeadlineSpec[]): string {
  return deadlines.map(({ name }) => name).join(", ");
}

function poolFact({ pool, poolSlots }: TaskSpec): TaskFact[] {
  if ((pool === "" || pool === defaultPool) && poolSlots <= 1) return [];
  const name = pool === "" ? defaultPool : pool;
  const label = poolSlots > 1 ? `${name}, ${plural(poolSlots, "slot")}` : name;
  return [{ name: "Pool", places: [{ href: "/pools", label }] }];
}

function rateFact({ rateLimit }: TaskSpec): TaskFact[] {
  if (rateLimit === undefined) return [];
  const per = formatDuration(durationMsOf(rateLimit.per) ?? 0);
  return [
    {
      name: "Rate",
      words: `${plural(rateLimit.limit, "start")} in any ${per} of ${rateLimit.key}`,
    },
  ];
}

function pastFact({ dependsOnPast, waitForDownstream, pastDecider }: TaskSpec): TaskFact[] {
  if (pastDecider !== "")
    return [{ name: "Past", words: "waits for the run before, where its function says so" }];
  if (waitForDownstream)
    return [{ name: "Past", words: "waits for itself and what comes after it in the run before" }];
  return dependsOnPast ? [{ name: "Past", words: "waits for itself in the run before" }] : [];
}

function placesFact(name: string, places: readonly Place[]): TaskFact[] {
  return places.length === 0 ? [] : [{ name, places }];
}

function assetPlace({ kind }: AssetOrAlias): Place {
  if (kind.case === "asset") return { href: assetHref(kind.value.uri), label: kind.value.uri };
  const alias = kind.case === "alias" ? kind.value.name : "";
  return { href: "/assets/graph", label: `alias ${alias}` };
}

function dagPlace(dagId: string): Place {
  return { href: `/dags/${encodeURIComponent(dagId)}`, label: dagId };
}

function partPlace({ dagId, taskIds, groupIds }: ExternalRef): Place {
  const parts = [...taskIds, ...groupIds];
  const label = parts.length === 0 ? dagId : `${parts.join(", ")} of ${dagId}`;
  return { href: dagPlace(dagId).href, label };
}
