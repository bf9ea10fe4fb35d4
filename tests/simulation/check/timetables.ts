/**
 * Each date that the function of a timetable gives becomes one run, with its interval and not before it is due; an answer that cannot
 * be used becomes none, and is shown until a good one comes.
 */

import type { DagSpec } from "@millrace/engine";
import { VerdictKind, type Verdict } from "@millrace/wire/worker";
import type { RunRow } from "../database/rows.ts";
import type { Tables } from "../database/tables.ts";
import { timetableOf, type TimetableDate } from "../workload/timetables.ts";
import { ensure } from "./violation.ts";

const scheduled = 1;
/** Until then it is shown that an answer which was taken is none. */
const shownWithinMs = 90_000;
/** How far the clocks of nodes may be from that of the database. */
const clockMs = 100;

type Last = { readonly start: number; readonly end: number } | null;

/** An answer that cannot be used, and how things were when it was given. */
type Broken = {
  readonly dagId: string;
  readonly epoch: number;
  readonly isShown: boolean;
  /** How many notes of problems there were. */
  readonly noted: number;
};

/** What functions said, as workers saw it. */
export class TimetableWatch {
  readonly #tables: Tables;
  readonly #later: (ms: number, check: () => void) => void;
  /** By DAG: what its function was asked about when it said that nothing follows. */
  readonly #over = new Map<string, Set<number | null>>();
  /** By attempt. */
  readonly #broken = new Map<string, Broken>();
  answers = 0;

  constructor(tables: Tables, later: (ms: number, check: () => void) => void) {
    this.#tables = tables;
    this.#later = later;
  }

  get broken(): number {
    return this.#broken.size;
  }

  onAnswer(dagId: string, last: Last, answer: unknown): void {
    this.answers += 1;
    const { runs } = answer as { readonly runs: readonly unknown[] };
    if (runs.length > 0) return;
    const over = this.#over.get(dagId) ?? new Set();
    this.#over.set(dagId, over.add(last?.start ?? null));
  }

  onBroken(attemptId: string, dagId: string): void {
    const { dags, scheduleProblems } = this.#tables;
    this.#broken.set(attemptId, {
      ...{ dagId, epoch: this.#epochOf(dagId), noted: scheduleProblems.length },
      isShown: dags.get(dagId)!.schedule_problem !== "",
    });
  }

  /** Verdicts reach a worker. */
  onVerdicts(verdicts: readonly Verdict[]): void {
    for (const { attemptId, kind } of verdicts) {
      const broken = this.#broken.get(attemptId);
      if (broken === undefined || kind !== VerdictKind.OK) continue;
      this.#later(shownWithinMs, () => this.#checkShown(broken));
    }
  }

  /** Somebody else asks anew. */
  #checkShown({ dagId, epoch, isShown, noted }: Broken): void {
    if (isShown || this.#epochOf(dagId) !== epoch) return;
    const since = this.#tables.scheduleProblems.slice(noted);
    ensure(
      since.some((row) => row.dag_id === dagId && row.problem !== ""),
      "S15",
      () => `the timetable of ${dagId} has given no answer, and nobody is told`,
    );
  }

  #epochOf(dagId: string): number {
    const { dags, shards } = this.#tables;
    return shards[dags.get(dagId)!.shard]!.epoch;
  }

  /** Its function has said that nothing follows, and nothing is wrong with it. */
  isOver(dagId: string): boolean {
    const dag = this.#tables.dags.get(dagId)!;
    const isSaid = this.#over.get(dagId)?.has(dag.last_interval_start) === true;
    return isSaid && dag.schedule_problem === "" && dag.next_run_at === null;
  }
}

/** By the runs that there are in the end; `from` is when the DAG was registered. */
export function checkTimetable(spec: DagSpec, rows: readonly RunRow[], from: number): void {
  const dates = timetableOf(spec);
  if (dates === null) return;
  const name = `the timetable of ${spec.dagId}`;
  const runs = rows.filter((run) => run.run_type === scheduled);
  for (const run of runs) {
    const date = dates.find(({ start }) => start === run.logical_at);
    ensure(
      date !== undefined && isAbout(run, date) && date.start <= spec.endDate!,
      "S15",
      () =>
        `${name} has the run ${run.id} about ${textOf(run.logical_at)}, which it did not ask for`,
    );
    ensure(
      run.queued_at >= date!.runAfter - clockMs,
      "S15",
      () => `${name} has the run ${run.id} ${date!.runAfter - run.queued_at} ms too early`,
    );
  }
  ensure(
    new Set(runs.map((run) => run.logical_at)).size === runs.length,
    "S15",
    () => `${name} has two runs about one date`,
  );
  const taken = new Set(rows.map((run) => run.logical_at));
  const missed = mustRun(spec, dates, from).find(({ start }) => !taken.has(start));
  ensure(missed === undefined, "S15", () => `${name} has no run about ${textOf(missed!.start)}`);
}

function isAbout(run: RunRow, { start, end, runAfter }: TimetableDate): boolean {
  return (
    run.interval_start_at === start && run.interval_end_at === end && run.run_after === runAfter
  );
}

/** Every date with catch-up; without it the newest that has passed counts, so the last one at least. */
function mustRun(spec: DagSpec, dates: readonly TimetableDate[], from: number) {
  const { endDate, catchup, overlap, startingDeadlineMs } = spec;
  if (overlap === "forbid" || startingDeadlineMs !== null) return [];
  const within = dates.filter(({ start }) => start <= endDate!);
  return catchup ? within : within.slice(-1).filter((date) => isStillTo(date, from));
}

function isStillTo({ end, runAfter }: TimetableDate, from: number): boolean {
  return Math.max(end, runAfter) > from;
}

function textOf(at: number | null): string {
  return at === null ? "nothing" : new Date(at).toISOString().slice(11, 23);
}
