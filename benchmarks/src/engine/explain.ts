/** How long an answer to "why does it not run?" takes. */
import { ok } from "node:assert/strict";
import {
  eachInstance,
  explain,
  nothingElse,
  TaskState,
  type InstanceRef,
  type Limits,
  type Run,
} from "@millrace/engine";
import { median, percentile } from "../statistics.ts";
import { Drive } from "./drive.ts";
import type { Shape } from "./shapes.ts";
import { verifyCounters, verifyEnd, verifyGrant } from "./verify.ts";

export type Times = { readonly p50Micros: number; readonly p99Micros: number };

export type Answers = {
  /** Waiting instances that were asked about; none where only the last task waits. */
  readonly asked: number;
  readonly free: Times;
  /** While as many tasks run as the DAG allows, which the answer then names. */
  readonly full: Times;
  /** Of the task after all others; null when there is none. */
  readonly lastMicros: number | null;
};

/** An instance's time is the median of these: others on the machine come in between some. */
const passes = 7;
/** Of more waiting instances, every so-manieth is asked about. */
const askedMax = 2_000;
const lastAsked = 20;

const limits: Limits = {
  now: 0,
  isPaused: false,
  activeRuns: 1,
  maxActiveRuns: 16,
  ...nothingElse,
  waitUntilOf: () => null,
  triggererOf: () => null,
  externalOf: () => null,
  pastOf: () => null,
  slots: () => ({ state: "free", workers: 1, slots: 256 }),
};

/** Asks when a quarter of the run is over, and checks everything about this run on its way. */
export function measureExplain(shape: Shape): Answers {
  const drive = new Drive(shape, verifyGrant).go(shape.instances / 2);
  const { run } = drive;
  verifyCounters(run);
  const waiting = waitingIn(run, shape);
  const refs = waiting.filter((_, n) => n % Math.ceil(waiting.length / askedMax) === 0);
  const answers = {
    asked: refs.length,
    free: askAll(run, refs),
    full: askAll(filled(run), refs),
    lastMicros: askLast(run, shape),
  };
  verifyEnd(drive.go(), shape);
  verifyCounters(run);
  return answers;
}

/** All but the last task, which is asked about by itself. */
function waitingIn(run: Run, { lastTaskId }: Shape): InstanceRef[] {
  const refs: InstanceRef[] = [];
  eachInstance(run, (slot, ix, mapIx) => {
    const isLast = run.dag.taskIds[ix] === lastTaskId;
    if (!isLast && run.instances.state[slot] === TaskState.none) refs.push({ ix, mapIx });
  });
  return refs;
}

/** The same run of a DAG that allows no more tasks at a time than run now. */
function filled(run: Run): Run {
  const { dag, counts } = run;
  const maxActiveTasks = counts[TaskState.running]!;
  return { ...run, dag: { ...dag, spec: { ...dag.spec, maxActiveTasks } } };
}

function askAll(run: Run, refs: readonly InstanceRef[]): Times {
  for (const ref of refs) ask(run, ref);
  const each = Array.from({ length: passes }, () => refs.map((ref) => ask(run, ref)));
  const times = refs.map((_, n) => median(each.map((pass) => pass[n]!)));
  return { p50Micros: percentile(times, 0.5), p99Micros: percentile(times, 0.99) };
}

function askLast(run: Run, { lastTaskId }: Shape): number | null {
  if (lastTaskId === null) return null;
  const ref = { ix: run.dag.ixOf.get(lastTaskId)!, mapIx: -1 };
  return median(Array.from({ length: lastAsked }, () => ask(run, ref)));
}

/** Microseconds; the answer has to name the tasks that it waits for. */
function ask(run: Run, ref: InstanceRef): number {
  const begin = process.hrtime.bigint();
  const reasons = explain(run, ref, limits);
  const micros = Number(process.hrtime.bigint() - begin) / 1000;
  const names = reasons.some(({ kind, taskIds }) => kind === "upstream" && taskIds.length > 0);
  ok(names, `No figure: no reason for ${run.dag.taskIds[ref.ix]}[${ref.mapIx}].`);
  return micros;
}
