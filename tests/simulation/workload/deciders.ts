/** Functions of a seed that decide whether the past matters to a task: always the same of a date, where they answer. */

import { FailTask } from "@millrace/sdk";
import type { DagSpec, TaskSpec } from "@millrace/engine";
import type { TaskCode } from "../../../packages/sdk/src/wiring/code-of.ts";
import type { Work } from "../../../packages/sdk/src/worker/messages.ts";
import type { PastFacts } from "../check/deciders.ts";
import type { VirtualProcess } from "../machine.ts";
import type { Plan } from "../plan.ts";
import { createRandom, type Random } from "../random.ts";
import type { World } from "../world.ts";

const handlerEnd = "##dependsOnPast()";
const usualMs = 1_500;
/** Beyond what a function may take. */
const tooLongMs = 50_000;
const troubles = ["throws", "for_good", "slow", "hangs", "kills", "nothing", "text"] as const;

/** Of the tasks that depend on the past some have a function. In some DAGs more do: but of those there are no backfills. */
export function withDeciders(random: Random, spec: DagSpec, hasBackfills: boolean): DagSpec {
  const more = random.chance(0.5) && !hasBackfills ? 0.5 : 0;
  const tasks = spec.tasks.map((task): TaskSpec => {
    const dependsOnPast = task.dependsOnPast || random.chance(more);
    const pastDecider = dependsOnPast && random.chance(0.7) ? `${task.id}${handlerEnd}` : null;
    return { ...task, dependsOnPast, pastDecider };
  });
  return { ...spec, tasks };
}

/** How often such functions fail, and until when. */
export function startDeciders(world: World, plan: Plan): void {
  const random = world.random.fork("deciders over time");
  world.script.decidersFail = random.chance(0.6) ? random.between(0, 0.5) : 0;
  world.machine.after(plan.faultMs, null, () => (world.script.decidersFail = 0));
}

/** The function that a worker runs for the scheduler. */
export function deciderCode(world: World, process: VirtualProcess, work: Work): TaskCode {
  const { random } = process;
  const { dagId } = work.run;
  const taskId = work.handler.slice(0, -handlerEnd.length);
  const body = async (asked: unknown): Promise<unknown> => {
    const facts = asked as PastFacts;
    world.look(() => world.deciders.onAsked(dagId, facts));
    const date = +facts.logicalDate;
    const trouble = random.chance(world.script.decidersFail) ? random.pick(troubles) : null;
    world.trace.note(process.name, `asked whether the past of ${taskId} matters`, {
      date,
      trouble,
    });
    await pause(random.between(1, trouble === "slow" ? 25_000 : usualMs));
    if (trouble === "throws") throw new Error("no calendar");
    if (trouble === "for_good") throw new FailTask("no calendar will ever come");
    if (trouble === "kills") process.kill();
    if (trouble === "hangs") await pause(tooLongMs);
    if (trouble === "nothing") return undefined;
    if (trouble === "text") return "yes";
    const matters = createRandom(`${dagId} ${taskId} ${date}`).chance(0.5);
    world.deciders.onAnswer(dagId, taskId, facts.logicalDate, matters);
    return matters;
  };
  return { body, retryPolicy: undefined };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
