/**
 * The functions of a seed's timetables, as workers run them. Now and then they throw, take too long, say what cannot be, or take
 * their worker with them.
 */

import type { DagSpec } from "@millrace/engine";
import { askedTimetable, type TimetableAnswer } from "../../../packages/sdk/src/dag/timetable.ts";
import type { TaskCode } from "../../../packages/sdk/src/wiring/code-of.ts";
import type { Work } from "../../../packages/sdk/src/worker/messages.ts";
import type { VirtualProcess } from "../machine.ts";
import type { Plan } from "../plan.ts";
import type { World } from "../world.ts";
import { timetableOf, type TimetableDate } from "./timetables.ts";

const usualMs = 1_500;
/** Beyond what a function may take, and beyond what a worker waits for one that was told to stop. */
const tooLongMs = 30_000;

/** What a function does instead of answering. */
const troubles = [
  ...["throws", "slow", "hangs", "kills"],
  ...["text", "half", "backwards", "upside_down"],
  ...["nothing", "number", "two", "before", "no_date"],
] as const;
type Trouble = (typeof troubles)[number];

/** How often functions of timetables go wrong, and until when. */
export function startTimetables(world: World, plan: Plan): void {
  const random = world.random.fork("timetables over time");
  world.script.timetablesFail = random.chance(0.7) ? random.between(0, 0.6) : 0;
  world.machine.after(plan.faultMs, null, () => (world.script.timetablesFail = 0));
}

type Question = { readonly last: { readonly start: number; readonly end: number } | null };

/** The function that a worker runs for the scheduler. */
export function timetableCode(world: World, process: VirtualProcess, work: Work): TaskCode {
  const spec = specOf(world, work);
  const dates = timetableOf(spec)!;
  const good = askedTimetable((last) => {
    const next = dates.find(({ start }) => last === null || start > last.start.getTime());
    return next === undefined ? null : answerOf(next);
  }, spec);
  const { random } = process;
  const body = async (asked: unknown): Promise<unknown> => {
    const question = asked as Question;
    const fails = random.chance(world.script.timetablesFail);
    const trouble = fails ? random.pick(troubles) : null;
    world.trace.note(process.name, `asked for what follows ${question.last?.start}`, { trouble });
    await pause(random.between(1, trouble === "slow" ? 9_000 : usualMs));
    const broken = trouble === null ? null : brokenAnswer(trouble, spec, question);
    if (trouble === "kills") process.kill();
    if (broken === null && trouble !== "throws" && trouble !== "hangs") {
      const answer = await good(asked);
      world.timetables.onAnswer(spec.dagId, question.last, answer);
      return answer;
    }
    world.timetables.onBroken(work.attemptId, spec.dagId);
    if (broken !== null && "raw" in broken) return broken.raw;
    if (broken !== null) return askedTimetable(() => broken.says, spec)(asked);
    if (trouble === "hangs") await pause(tooLongMs);
    throw new Error("no calendar");
  };
  return { body, retryPolicy: undefined };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function specOf({ server, dagOfVersion }: World, { run }: Work): DagSpec {
  const { versions } = server.tables;
  const version = [...versions.values()].find(
    (each) => each.dag_id === run.dagId && each.version === run.dagVersion,
  )!;
  return dagOfVersion(version.id).spec;
}

function answerOf({ start, end, runAfter }: TimetableDate): TimetableAnswer {
  const [from, to, due] = [new Date(start), new Date(end), new Date(runAfter)];
  if (start === end && end === runAfter) return from;
  return { start: from, end: to, ...(end === runAfter ? {} : { runAfter: due }) };
}

/** What the function says, or what a worker answers in its place that is not of this project. Null where it says nothing wrong. */
function brokenAnswer(
  trouble: Trouble,
  { startDate }: DagSpec,
  { last }: Question,
): { readonly says: TimetableAnswer } | { readonly raw: unknown } | null {
  const bound = last?.start ?? (startDate === null ? null : startDate - 1);
  const run = (at: number) => ({ start: at, end: at, runAfter: at });
  const later = (bound ?? 0) + 60_000;
  switch (trouble) {
    case "text":
      return { says: "tomorrow" as unknown as TimetableAnswer };
    case "half":
      return { says: { start: new Date(later) } as unknown as TimetableAnswer };
    case "backwards":
      return bound === null ? null : { says: new Date(bound) };
    case "upside_down":
      return { says: { start: new Date(later), end: new Date(later - 1) } };
    case "nothing":
      return { raw: undefined };
    case "number":
      return { raw: { runs: 7 } };
    case "two":
      return { raw: { runs: [run(later), run(later + 1)] } };
    case "before":
      return bound === null ? null : { raw: { runs: [run(bound)] } };
    case "no_date":
      return { raw: { runs: [{ start: "soon" }] } };
    case "throws":
    case "slow":
    case "hangs":
    case "kills":
      return null;
  }
}
