/** A backfill of the test double: a date a day, each becoming a run as its limit allows. */
import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  BackfillDateOutcome,
  BackfillDateSchema,
  BackfillProgressSchema,
  BackfillSchema,
  BackfillState,
  ReprocessBehavior,
  RunState,
  RunType,
} from "@millrace/wire/v1";
import type { Backfill, BackfillDate, BackfillProgress } from "@millrace/wire/v1";
import type { FakeDag } from "./fake-dag.ts";
import type { FakeRun } from "./fake-run.ts";
import type { FakeWorld } from "./fake-world.ts";

export const dayMs = 86_400_000;

type Outcome = BackfillDateOutcome;
const { PENDING, MADE, RERUN, IN_FLIGHT, EXISTS } = BackfillDateOutcome;

/** A date with the run that it has: its own, or one that was there. */
type FakeDate = { readonly at: number; outcome: Outcome; run: FakeRun | null };

export type BackfillAsked = {
  readonly dag: FakeDag;
  readonly from: number;
  readonly to: number;
  readonly isReverse: boolean;
  readonly reprocess: ReprocessBehavior;
};

/** The midnights of the range that have passed, with what would become of each. */
export function datesOf(world: FakeWorld, asked: BackfillAsked): FakeDate[] {
  const { from, to, isReverse, dag } = asked;
  const last = Math.min(to, Date.now());
  const dates: FakeDate[] = [];
  for (let at = Math.ceil(from / dayMs) * dayMs; at <= last; at += dayMs) {
    const run = runAt(world, dag.spec.dagId, at);
    dates.push({ at, run, outcome: outcomeOf(run, asked.reprocess) });
  }
  return isReverse ? dates.toReversed() : dates;
}

function runAt(world: FakeWorld, dagId: string, at: number): FakeRun | null {
  const isOf = ({ run }: FakeRun): boolean =>
    run.logicalDate !== undefined && timestampMs(run.logicalDate) === at;
  return world.runsOf(dagId).find(isOf) ?? null;
}

function outcomeOf(run: FakeRun | null, reprocess: ReprocessBehavior): Outcome {
  if (run === null) return MADE;
  if (!run.isFinal) return IN_FLIGHT;
  if (reprocess === ReprocessBehavior.COMPLETED) return RERUN;
  const isFailed = run.run.state === RunState.FAILED;
  return reprocess === ReprocessBehavior.FAILED && isFailed ? RERUN : EXISTS;
}

export class FakeBackfill {
  readonly backfill: Backfill;
  readonly #world: FakeWorld;
  readonly #asked: BackfillAsked;
  readonly #dates: readonly FakeDate[];

  constructor(
    world: FakeWorld,
    id: number,
    asked: BackfillAsked & { readonly maxActiveRuns: number; readonly note: string },
  ) {
    this.#world = world;
    this.#asked = asked;
    const { dag, from, to, isReverse, reprocess, maxActiveRuns, note } = asked;
    // What is to become of a date is decided when its turn comes.
    this.#dates = datesOf(world, asked).map((date) => ({ ...date, outcome: PENDING }));
    this.backfill = create(BackfillSchema, {
      ...{ backfillId: `backfill_${id}`, dagId: dag.spec.dagId, reverse: isReverse, note },
      ...{ maxActiveRuns: maxActiveRuns || 10, createdBy: "user:admin", dagVersion: 3 },
      reprocess: reprocess || ReprocessBehavior.NONE,
      fromDate: timestampFromMs(from),
      toDate: timestampFromMs(to),
      createdAt: timestampFromMs(Date.now()),
      state: BackfillState.RUNNING,
      timezone: "UTC",
    });
    this.#count();
  }

  get isOver(): boolean {
    const { state } = this.backfill;
    return state === BackfillState.COMPLETED || state === BackfillState.CANCELLED;
  }

  /** Runs of its own that are not final. */
  get active(): number {
    return this.#own().filter((run) => !run.isFinal).length;
  }

  get next(): BackfillDate | undefined {
    const ordinal = this.#dates.findIndex(({ outcome }) => outcome === PENDING);
    return this.isOver || ordinal < 0 ? undefined : this.dates()[ordinal];
  }

  dates(): BackfillDate[] {
    return this.#dates.map((date, ix) => dateMessage(date, ix + 1));
  }

  tick(now: number): void {
    if (!this.isOver && this.backfill.state === BackfillState.RUNNING) this.#goOn(now);
    this.#count();
  }

  pause(isPaused: boolean): void {
    if (this.isOver) return;
    this.backfill.state = isPaused ? BackfillState.PAUSED : BackfillState.RUNNING;
  }

  cancel(now: number): void {
    if (this.isOver) return;
    for (const run of this.#own()) if (run.run.startedAt === undefined) run.cancel(now);
    this.#end(BackfillState.CANCELLED, now);
  }

  #goOn(now: number): void {
    if (this.#world.paused.has(this.backfill.dagId)) return;
    for (const date of this.#dates) {
      if (this.active >= this.backfill.maxActiveRuns) return;
      if (date.outcome === PENDING) this.#decide(date, now);
    }
    if (this.active === 0) this.#end(BackfillState.COMPLETED, now);
  }

  #decide(date: FakeDate, now: number): void {
    const { dag, reprocess } = this.#asked;
    date.run = runAt(this.#world, this.backfill.dagId, date.at);
    date.outcome = outcomeOf(date.run, reprocess);
    if (date.outcome === MADE) {
      const params = new TextEncoder().encode("{}");
      const { note } = this.backfill;
      date.run = this.#world.trigger(dag, now, { params, logicalDate: date.at, note });
    } else if (date.outcome === RERUN && date.run !== null) {
      for (const task of date.run.tasks.values()) date.run.clear(task);
      date.run.reopen();
    } else return;
    date.run.run.runType = RunType.BACKFILL;
    date.run.run.backfillId = this.backfill.backfillId;
  }

  #own(): FakeRun[] {
    return this.#dates.flatMap(({ outcome, run }) =>
      run !== null && (outcome === MADE || outcome === RERUN) ? [run] : [],
    );
  }

  #end(state: BackfillState, now: number): void {
    this.backfill.state = state;
    this.backfill.endedAt = timestampFromMs(now);
  }

  #count(): void {
    const runs = this.#own().map(({ run }) => run.state);
    const inState = (state: RunState): number => runs.filter((one) => one === state).length;
    const withOutcome = (outcome: Outcome): number =>
      this.#dates.filter((date) => date.outcome === outcome).length;
    const progress = create(BackfillProgressSchema, {
      ...{ dates: this.#dates.length, pending: withOutcome(PENDING) },
      ...{ queued: inState(RunState.QUEUED), running: inState(RunState.RUNNING) },
      ...{ success: inState(RunState.SUCCESS), failed: inState(RunState.FAILED) },
      ...{ inFlight: withOutcome(IN_FLIGHT), existing: withOutcome(EXISTS) },
    });
    this.backfill.progress = this.#withEstimate(progress);
  }

  #withEstimate(progress: BackfillProgress): BackfillProgress {
    const spans = this.#own().flatMap(({ run: { startedAt, endedAt } }) =>
      startedAt === undefined || endedAt === undefined
        ? []
        : [timestampMs(endedAt) - timestampMs(startedAt)],
    );
    if (spans.length === 0) return progress;
    const meanMs = spans.reduce((sum, span) => sum + span, 0) / spans.length;
    progress.meanRun = durationFromMs(Math.round(meanMs));
    if (this.backfill.state !== BackfillState.RUNNING) return progress;
    const left = progress.pending + progress.queued + progress.running;
    const rounds = Math.ceil(left / this.backfill.maxActiveRuns);
    progress.estimatedLeft = durationFromMs(Math.round(rounds * meanMs));
    return progress;
  }
}

export function dateMessage({ at, outcome, run }: FakeDate, ordinal: number): BackfillDate {
  const date = timestampFromMs(at);
  return create(BackfillDateSchema, {
    ...{ ordinal, outcome, logicalDate: date, dataIntervalStart: date, dataIntervalEnd: date },
    runId: run?.run.runId ?? "",
    runState: run?.run.state ?? RunState.UNSPECIFIED,
  });
}
