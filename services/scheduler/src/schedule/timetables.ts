/** Asks the functions of custom timetables, by way of workers, and keeps what they said. */

import {
  isMillraceError,
  MillraceError,
  timetableProblem,
  type CustomSchedule,
  type DataInterval,
  type DagSpec,
  type Failure,
  type PlannedRun,
} from "@millrace/engine";
import type { Answer, Question } from "../calls/call.ts";
import { holdsDag, type Owner } from "../owner.ts";
import type { OwnedDag, Version } from "../runs/run.ts";
import type { NextRunNotes } from "./next-run-notes.ts";

export type Timetables = {
  /**
   * The next run of a DAG as its function said; null when none follows, undefined while it has not said: it is asked then,
   * and `onAnswer` called when that changes.
   */
  next(dag: OwnedDag): PlannedRun | null | undefined;
  /** Nobody wants to know just now. */
  forget(dag: OwnedDag): void;
  /** Asks for several runs, for people. `problem`: why there is no answer; empty for none. */
  list(dag: OwnedDag, count: number): Promise<Listed>;
};

type Listed = { readonly runs: readonly PlannedRun[]; readonly problem: string };

/** One question, and what came of it. */
type Asking = {
  /** What the answer follows from. */
  readonly key: string;
  readonly controller: AbortController;
  said: PlannedRun | null | undefined;
  saidAt: number;
  failures: number;
};

/** An answer that is due and older than this is asked for again where a newer tick may have passed. */
const staleMs = 1_000;

/** The DAG's schedule, if a function decides it. */
export function customSchedule(dag: OwnedDag): CustomSchedule | null {
  const schedule = dag.newest?.compiled.spec.schedule ?? null;
  return schedule?.kind === "custom" ? schedule : null;
}

export function createTimetables(parts: {
  readonly owner: Owner;
  readonly notes: NextRunNotes;
  onAnswer(dag: OwnedDag): void;
}): Timetables {
  const { owner } = parts;
  const states = new WeakMap<OwnedDag, Asking>();

  function forget(dag: OwnedDag): void {
    states.get(dag)?.controller.abort();
    states.delete(dag);
  }

  function next(dag: OwnedDag): PlannedRun | null | undefined {
    const key = keyOf(dag);
    const known = states.get(dag);
    if (known?.key === key && !isStale(dag, known)) return known.said;
    forget(dag);
    const asking: Asking = {
      ...{ key, controller: new AbortController(), said: undefined, saidAt: 0, failures: 0 },
    };
    states.set(dag, asking);
    void ask(dag, asking);
    return undefined;
  }

  /** Without catch-up the newest tick that has passed counts: while this one had to wait, others may have. */
  function isStale(dag: OwnedDag, { said, saidAt }: Asking): boolean {
    const now = owner.dbClock.now();
    const isDue = said !== undefined && said !== null && said.runAfter <= now;
    return isDue && dag.newest?.compiled.spec.catchup === false && now - saidAt > staleMs;
  }

  async function ask(dag: OwnedDag, asking: Asking): Promise<void> {
    const { newest } = dag;
    if (newest === null) return;
    const question = questionOf(dag, newest, 1, asking.controller.signal);
    const answer = await owner.calls.ask(question);
    const isWanted = states.get(dag) === asking && holdsDag(owner, dag);
    if (!isWanted) return;
    const { problem, runs, isDropped } = read(newest.compiled.spec, dag.lastInterval, answer, 1);
    if (isDropped) return forget(dag);
    show(dag, problem);
    if (problem !== "") return askLater(dag, asking);
    asking.failures = 0;
    asking.said = runs[0] ?? null;
    asking.saidAt = owner.dbClock.now();
    parts.onAnswer(dag);
  }

  function askLater(dag: OwnedDag, asking: Asking): void {
    const { first, max } = owner.settings.timetableRetryMs;
    const delayMs = Math.min(first * 2 ** asking.failures, max);
    asking.failures += 1;
    owner.clock.after(delayMs, () => {
      // Its shard may have been lost and taken again: then another stands for the DAG.
      if (states.get(dag) === asking && holdsDag(owner, dag)) void ask(dag, asking);
    });
  }

  function questionOf(
    dag: OwnedDag,
    version: Version,
    count: number,
    signal: AbortSignal,
  ): Question {
    const { spec } = version.compiled;
    const { lastInterval: last, scheduledThrough: through } = dag;
    return {
      ...{ dag, version, signal, name: "schedule" },
      handler: customSchedule(dag)?.handler ?? "",
      args: () => JSON.stringify([{ now: Math.floor(owner.dbClock.now()), last, through, count }]),
      timeoutMs: owner.settings.timetableTimeoutMs,
      queue: spec.callbackQueue,
    };
  }

  /** What people are told; nothing depends on it. */
  function show(dag: OwnedDag, problem: string): void {
    if (dag.scheduleProblem === problem) return;
    dag.scheduleProblem = problem;
    if (problem === "") owner.log.info({ dag_id: dag.dagId }, "timetable.healed");
    else owner.log.warn({ dag_id: dag.dagId, problem }, "timetable.problem");
    parts.notes.note(dag);
  }

  return {
    next,
    forget(dag) {
      forget(dag);
      if (dag.newest !== null && customSchedule(dag) === null) show(dag, "");
    },
    async list(dag, count) {
      const { newest } = dag;
      if (newest === null) return { runs: [], problem: "" };
      const { timetableListWaitMs, timetableListMax } = owner.settings;
      const max = Math.min(count, timetableListMax);
      const signal = AbortSignal.timeout(timetableListWaitMs);
      const answer = await owner.calls.ask(questionOf(dag, newest, max, signal));
      const listed = read(newest.compiled.spec, dag.lastInterval, answer, max);
      if (!listed.isDropped) return listed;
      const { callbackQueue } = newest.compiled.spec;
      const waited = `within ${timetableListWaitMs / 1000} s`;
      return {
        runs: [],
        problem: `No worker of the queue "${callbackQueue}" has run the function of the timetable ${waited}.`,
      };
    },
  };
}

function keyOf({ versionId, lastInterval, scheduledThrough }: OwnedDag): string {
  return JSON.stringify([versionId, lastInterval, scheduledThrough]);
}

type Read = Listed & { readonly isDropped: boolean };

/** Nothing that comes out of a user's function is taken on trust. */
function read(spec: DagSpec, last: DataInterval | null, answer: Answer, max: number): Read {
  if (answer.kind === "dropped") return { runs: [], problem: "", isDropped: true };
  if (answer.kind === "failed") return broken(failureText(answer.failure));
  try {
    const runs = parse(answer.value);
    if (runs.length > max) return broken(`It answered ${runs.length} runs; ${max} were asked for.`);
    let before = last;
    for (const run of runs) {
      const problem = timetableProblem(spec, run, before);
      if (problem !== null) return broken(problem);
      before = run.dataInterval;
    }
    const isWithin = ({ logicalDate }: PlannedRun) => logicalDate <= (spec.endDate ?? Infinity);
    return { runs: runs.filter(isWithin), problem: "", isDropped: false };
  } catch (error) {
    return broken(isMillraceError(error) ? error.message : String(error));
  }
}

function broken(said: string): Read {
  // Postgres stores no NUL: notes that are refused are noted again for ever.
  const problem = said.slice(0, problemCharsMax).replaceAll("\0", " ");
  return { runs: [], problem, isDropped: false };
}

/** Of what people are told. */
const problemCharsMax = 2_000;

function parse(value: Uint8Array | null): PlannedRun[] {
  const answer: unknown = value === null ? null : JSON.parse(Buffer.from(value).toString());
  const runs = typeof answer === "object" && answer !== null && "runs" in answer && answer.runs;
  if (!Array.isArray(runs))
    throw new MillraceError("TIMETABLE_INVALID", "The timetable's function answered no runs.");
  return runs.map((run: unknown) => {
    const { start, end, runAfter } = (run ?? {}) as Record<string, number>;
    // What is no date is found with the rest.
    return {
      logicalDate: start ?? NaN,
      dataInterval: { start: start ?? NaN, end: end ?? NaN },
      runAfter: runAfter ?? NaN,
    };
  });
}

/** Where in the user's file it happened, as far as the stack tells. */
function failureText({ kind, type, message, stack }: Failure): string {
  if (kind === "timeout" || kind === "lost") return message;
  const place = /([^\s(]+:\d+:\d+)/.exec(stack)?.[1];
  const what = type === "" || type === "TIMETABLE_INVALID" ? message : `${type}: ${message}`;
  return place === undefined || type === "TIMETABLE_INVALID" ? what : `${what} (${place})`;
}
