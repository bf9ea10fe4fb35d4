/** Targets of a seed: what some tasks make, and what is there already when a body dies after that, or its task runs again. */

import { parseAttemptId } from "@millrace/wire";
import type { TaskCode } from "../../../packages/sdk/src/wiring/code-of.ts";
import type { Work } from "../../../packages/sdk/src/worker/messages.ts";
import { ensure } from "../check/violation.ts";
import type { VirtualProcess } from "../machine.ts";
import { createRandom } from "../random.ts";
import type { World } from "../world.ts";

type Body = TaskCode["body"];

/** By run, task and map index: as whoever looks would find it. */
export function targetOf(runId: string, taskId: string, mapIndex: number): string {
  return `file:///${runId}/${taskId}/${mapIndex}`;
}

/** Which tasks have one. */
export function hasTarget(dagId: string, taskId: string): boolean {
  return createRandom(`target of ${dagId} ${taskId}`).chance(0.4);
}

/** A task's functions, and what it makes. */
export function withTarget(
  world: World,
  process: VirtualProcess,
  work: Work,
  code: TaskCode,
): TaskCode {
  const { control, sensor, callback, measuredPaths, run, taskId, mapIndex } = work;
  const isBody = callback === null && parseAttemptId(work.attemptId)?.of === "body";
  const isFit = isBody && control === "none" && sensor === null;
  if (!isFit || measuredPaths.length > 0 || !hasTarget(run.dagId, taskId)) return code;
  const name = targetOf(run.id, taskId, mapIndex);
  const { random } = process;
  const planted = world.planted?.targets;
  let wasThere = false;
  const making =
    (body: Body): Body =>
    async (...args) => {
      world.look(() =>
        ensure(!wasThere, "targets", () => `${work.attemptId} runs, though ${name} exists`),
      );
      try {
        const value = await body(...args);
        if (random.chance(0.9)) world.targets.add(name);
        return value;
      } catch (error) {
        if (random.chance(0.3)) world.targets.add(name);
        throw error;
      }
    };
  const exists = async (): Promise<boolean> => {
    await new Promise((resolve) => setTimeout(resolve, random.between(1, 300)));
    const isThere = world.targets.has(name);
    if (isThere) world.trace.note(process.name, `finds ${name}`);
    return isThere;
  };
  const target = {
    ...{ name, read: () => name },
    async exists() {
      wasThere = await exists();
      return wasThere && planted?.before !== false;
    },
  };
  return {
    ...code,
    body: making(code.body),
    ...(code.resume && { resume: making(code.resume) }),
    target: { of: () => target, isChecked: planted?.after !== false },
  };
}
