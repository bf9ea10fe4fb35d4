/** Deadlines of a seed: of runs and tasks, short enough that some are missed, with callbacks that tell. */

import type { DagSpec, DeadlineSpec, TaskSpec } from "@millrace/engine";
import type { Random } from "../random.ts";

export function withDeadlines(random: Random, spec: DagSpec): DagSpec {
  if (random.chance(0.3)) return spec;
  const tasks = spec.tasks.map((task): TaskSpec =>
    random.chance(0.3) ? { ...task, ...within(random, task.id, task.callbacks) } : task,
  );
  return { ...spec, tasks, ...within(random, "", spec.callbacks) };
}

function within(random: Random, id: string, callbacks: TaskSpec["callbacks"]) {
  const told = (["deadline_missed", "deadline_at_risk"] as const).map((on) => ({
    ...{ on, handler: `${id}#${on}`, isExternal: false, config: "", name: `tells of ${on}` },
  }));
  return { deadlines: [aDeadline(random)], callbacks: [...callbacks, ...told] };
}

function aDeadline(random: Random): DeadlineSpec {
  const reference = random.chance(0.7)
    ? ({ kind: "queued_at" } as const)
    : ({ kind: "average_runtime", maxRuns: 3, minRuns: 1 } as const);
  return { name: "soon", reference, intervalMs: 1_000 * (1 + random.below(60)) };
}
