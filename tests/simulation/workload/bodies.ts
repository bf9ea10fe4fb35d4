/** What tasks do in the simulation: they take their time and end in some way, as the seed has it. */

import { context, defer, done, FailTask, SkipTask, trigger } from "@millrace/sdk";
import type { TaskCode } from "../../../packages/sdk/src/wiring/code-of.ts";
import type { Work } from "../../../packages/sdk/src/worker/messages.ts";
import type { VirtualProcess } from "../machine.ts";
import type { Random } from "../random.ts";
import type { World } from "../world.ts";
import { sayPartitions } from "./partitions.ts";
import { checkBodyInputs } from "../check/inputs.ts";
import { sayAliases } from "./aliases.ts";
import { triggerOthers, waitForOthers } from "./across.ts";
import { deciderCode } from "./deciders.ts";
import { withTarget } from "./targets.ts";
import { timetableCode } from "./timetable-bodies.ts";

export class ScriptedFailure extends Error {
  override readonly name = "ScriptedFailure";
}

/** What triggerers of the simulation watch. */
export const watchHandler = "simulated";

/** The functions of an attempt. */
export function codeOf(world: World, process: VirtualProcess, work: Work): TaskCode {
  if (work.call?.name === "schedule") return timetableCode(world, process, work);
  if (work.call !== null) return deciderCode(world, process, work);
  const resumes = work.control !== "none" || work.measuredPaths.length > 0 || isOdd(work.taskId);
  const body = (): Promise<unknown> => runBody(world, process, work, resumes);
  const resume = async (): Promise<unknown> => {
    await takeTime(world, process);
    sayOutlets(world, process, work);
    return endOf(world, process, work);
  };
  const code = { body, retryPolicy: undefined, ...(resumes ? { resume } : {}) };
  return world.script.hasTargets ? withTarget(world, process, work, code) : code;
}

function isOdd(taskId: string): boolean {
  return (taskId.codePointAt(taskId.length - 1) ?? 0) % 2 === 1;
}

async function runBody(
  world: World,
  process: VirtualProcess,
  work: Work,
  resumes: boolean,
): Promise<unknown> {
  const { random } = process;
  const { faults } = world.script;
  await takeTime(world, process);
  // Callbacks, and what a triggerer watches.
  if (work.callback !== null || !work.attemptId.match(/^[\d.a-z-]+\.\d+$/)) {
    if (random.chance(faults.fails)) throw new ScriptedFailure("as scripted");
    return work.callback === null ? { seen: true } : undefined;
  }
  sayOutlets(world, process, work);
  world.look(() => checkBodyInputs(world, work.attemptId, context().inputs));
  const mayDefer = work.sensor === null || resumes;
  const wait = mayDefer ? await waitAcross(world, random, work) : null;
  const isPutOff = wait === null && mayDefer && random.chance(faults.defers);
  // What a part says that ends in a wait does not count.
  if (wait !== null || isPutOff) world.said.delete(work.attemptId);
  if (wait !== null) return wait;
  if (isPutOff) return deferral(world, process, work);
  return endOf(world, process, work);
}

/** Before it is known how the body ends: it counts only when that is a success. */
function sayOutlets(world: World, { random }: VirtualProcess, { attemptId }: Work): void {
  const { saysPartitions, saysAliases } = world.script;
  if (saysPartitions) sayPartitions(world, random.fork(`outlets of ${attemptId}`), attemptId);
  if (saysAliases) sayAliases(world, random.fork(`aliases of ${attemptId}`), attemptId);
}

async function waitAcross(world: World, random: Random, work: Work): Promise<unknown> {
  const { attemptId, resumption } = work;
  if (resumption !== null || world.script.waitsAcross === 0) return null;
  const triggered = await triggerOthers(world, random, attemptId);
  if (triggered !== null || !random.chance(world.script.waitsAcross)) return triggered;
  return waitForOthers(world, random, attemptId);
}

function takeTime({ script }: World, { random }: VirtualProcess): Promise<unknown> {
  const most = random.chance(0.1) ? script.ms.most : script.ms.usual;
  return new Promise((resolve) => setTimeout(resolve, random.between(1, most)));
}

async function deferral(world: World, { random }: VirtualProcess, work: Work): Promise<unknown> {
  const onTimeout = random.pick(["fail", "failForGood", "skip"] as const);
  const limit = random.chance(0.4)
    ? { timeout: `${5 + random.below(55)}s` as const, onTimeout }
    : {};
  const kind = random.below(3);
  if (kind === 0) return defer(trigger.after(`${1 + random.below(20)}s`), limit);
  if (kind === 1)
    return defer(trigger.custom(watchHandler, { of: work.attemptId }, "something"), limit);
  const token = await context().taskToken();
  world.outside.take(work.attemptId, token);
  const beat = random.chance(0.3) ? { heartbeat: "40s" as const } : {};
  // Its holder may be gone for good, so somebody has to give up.
  return defer(trigger.token(beat), { timeout: "2m", onTimeout, ...limit });
}

function endOf(world: World, process: VirtualProcess, work: Work): unknown {
  const { random } = process;
  const { faults } = world.script;
  if (random.chance(faults.fails)) throw new ScriptedFailure("as scripted");
  if (random.chance(faults.failsForGood)) throw new FailTask("as scripted, for good");
  if (random.chance(faults.skips)) throw new SkipTask("as scripted");
  if (work.sensor !== null) return random.chance(0.4) ? done(valueOf(process, work)) : false;
  if (work.control === "branch") return work.cases.filter(() => random.chance(0.5));
  if (work.control === "short_circuit") return random.chance(0.6);
  return valueOf(process, work);
}

/** With a list of a random length wherever others are mapped over it. */
function valueOf({ random }: VirtualProcess, work: Work): unknown {
  const paths = work.measuredPaths.map(
    (path) => JSON.parse(Buffer.from(path).toString()) as (string | number)[],
  );
  if (paths.length === 0) return random.chance(0.5) ? { attempt: work.attemptId } : undefined;
  const list = () => Array.from({ length: random.below(4) }, (_, at) => at);
  if (paths.some((path) => path.length === 0)) return list();
  const value: Record<string | number, unknown> = {};
  for (const path of paths) {
    let place = value;
    for (const key of path.slice(0, -1)) place = (place[key] ??= {}) as typeof value;
    place[path.at(-1)!] ??= list();
  }
  return value;
}
