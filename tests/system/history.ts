/**
 * Checks what the database holds of a run against what a run may be: events without gaps, states that follow from each
 * other, one accepted outcome for each task instance, and rows that are what the events add up to.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { compileDag, isFinal, RunState, TaskState, type CompiledDag } from "@millrace/engine";
import { dagSpecFromProto, runKeyOf } from "@millrace/wire";
import { DagSpecSchema } from "@millrace/wire/v1";
import { Client } from "pg";

export type Change = {
  readonly ix: number;
  readonly mapIx: number;
  readonly state: number;
  readonly attempt: number;
};
export type EventRow = {
  readonly seq: number;
  readonly runState: number;
  readonly changes: readonly Change[];
};
export type TaskRow = Change & { readonly uncounted: number };
export type AttemptRow = Omit<Change, "mapIx">;

export type History = {
  readonly dag: CompiledDag;
  readonly run: {
    readonly state: number;
    readonly revision: number;
    readonly counts: readonly number[];
  };
  /** By seq. */
  readonly events: readonly EventRow[];
  readonly tasks: readonly TaskRow[];
  /** Earlier attempts. */
  readonly attempts: readonly AttemptRow[];
};

/** Everything that is wrong with a run's history, in words. Empty for a history that may be. */
export function problemsOf(history: History): string[] {
  const problems: string[] = [];
  const folded = fold(history, problems);
  checkRows(history, folded, problems);
  checkAttempts(history, problems);
  checkRun(history, problems);
  return problems;
}

type Folded = { state: number; attempt: number; outcomes: number };

const nameOf = ({ dag }: History, ix: number): string => dag.taskIds[ix] ?? `task ${ix}`;

/** Replays the events; what they say of each task instance in the end. */
function fold(history: History, problems: string[]): Map<number, Folded> {
  const folded = new Map<number, Folded>();
  history.events.forEach((event, index) => {
    if (event.seq !== index + 1) problems.push(`event ${index + 1} has seq ${event.seq}`);
    for (const change of event.changes) {
      const before = folded.get(change.ix) ?? { state: TaskState.none, attempt: 0, outcomes: 0 };
      const what = `event ${event.seq}: ${nameOf(history, change.ix)}`;
      if (!mayFollow(before, change)) {
        problems.push(
          `${what} goes from state ${before.state}, attempt ${before.attempt} to ${change.state}, ${change.attempt}`,
        );
      }
      const outcomes = before.outcomes + (isOutcome(change.state) ? 1 : 0);
      folded.set(change.ix, { state: change.state, attempt: change.attempt, outcomes });
    }
    checkStarts(history, event, folded, problems);
  });
  return folded;
}

const isOutcome = (state: number): boolean => isFinal(state as TaskState);

/** The state machine of a task instance, as events may tell it. */
function mayFollow(before: Folded, { state, attempt }: Change): boolean {
  if (isOutcome(before.state)) return false;
  if (state === TaskState.running)
    return before.state !== TaskState.running && attempt === before.attempt + 1;
  if (attempt !== before.attempt) return false;
  if (attempt === 0) return isOutcome(state);
  // Given back, and reported after all while nobody else had it.
  if (before.state === TaskState.scheduled)
    return isOutcome(state) || state === TaskState.up_for_retry;
  return before.state === TaskState.running || before.state === TaskState.up_for_retry;
}

/** Nothing starts before its upstreams have succeeded, nor beyond max_active_tasks. */
function checkStarts(
  history: History,
  event: EventRow,
  folded: ReadonlyMap<number, Folded>,
  problems: string[],
): void {
  const { dag } = history;
  for (const { ix, state } of event.changes) {
    if (state !== TaskState.running) continue;
    for (let at = dag.parentOffsets[ix]!; at < dag.parentOffsets[ix + 1]!; at++) {
      const parent = dag.parents[at]!;
      if (folded.get(parent)?.state === TaskState.success) continue;
      problems.push(
        `event ${event.seq}: ${nameOf(history, ix)} starts before ${nameOf(history, parent)} has succeeded`,
      );
    }
  }
  const running = [...folded.values()].filter(({ state }) => state === TaskState.running).length;
  const { maxActiveTasks } = dag.spec;
  if (running > maxActiveTasks)
    problems.push(`event ${event.seq}: ${running} tasks run, more than ${maxActiveTasks}`);
}

function checkRows(
  history: History,
  folded: ReadonlyMap<number, Folded>,
  problems: string[],
): void {
  const rows = new Map(history.tasks.map((row) => [row.ix, row]));
  for (const ix of new Set([...folded.keys(), ...rows.keys()])) {
    const [told, row] = [folded.get(ix), rows.get(ix)];
    if (told?.state !== row?.state || told?.attempt !== row?.attempt) {
      problems.push(
        `${nameOf(history, ix)}: events say state ${told?.state}, attempt ${told?.attempt}; its row says ${row?.state}, ${row?.attempt}`,
      );
    }
    if (told !== undefined && isOutcome(told.state) && told.outcomes !== 1) {
      problems.push(`${nameOf(history, ix)} has ${told.outcomes} accepted outcomes`);
    }
  }
}

/** Attempts are numbered 1, 2, 3 …, and each but the last ended in a way that allows another. */
function checkAttempts(history: History, problems: string[]): void {
  const byTask = Map.groupBy(history.attempts, ({ ix }) => ix);
  for (const row of history.tasks) {
    const earlier = (byTask.get(row.ix) ?? []).toSorted((a, b) => a.attempt - b.attempt);
    const what = nameOf(history, row.ix);
    const numbers = earlier.map(({ attempt }) => attempt).join();
    const expected = Array.from(
      { length: Math.max(0, row.attempt - 1) },
      (_, index) => index + 1,
    ).join();
    if (numbers !== expected)
      problems.push(
        `${what} is in attempt ${row.attempt} and has the earlier attempts ${numbers || "none"}`,
      );
    for (const { attempt, state } of earlier) {
      const allowsAnother = state === TaskState.scheduled || state === TaskState.up_for_retry;
      if (!allowsAnother)
        problems.push(
          `${what} was started again after attempt ${attempt} had ended in state ${state}`,
        );
    }
    const lost =
      earlier.filter(({ state }) => state === TaskState.scheduled).length +
      (row.state === TaskState.scheduled ? 1 : 0);
    // A third loss fails the task: its row counts that one too.
    const isLostForGood = row.state === TaskState.failed && row.uncounted === lost + 1;
    if (row.uncounted !== lost && !isLostForGood)
      problems.push(`${what} counts ${row.uncounted} lost attempts; ${lost} were`);
  }
}

function checkRun({ dag, run, events, tasks }: History, problems: string[]): void {
  const last = events.at(-1);
  if (run.state !== RunState.success && run.state !== RunState.failed) return;
  if (last?.runState !== run.state)
    problems.push(
      `the last event leaves the run in state ${last?.runState}; its row says ${run.state}`,
    );
  if (last?.seq !== run.revision)
    problems.push(`the run's revision is ${run.revision}, its last event ${last?.seq}`);
  const ended = tasks.filter(({ state }) => isOutcome(state)).length;
  if (ended !== dag.taskIds.length)
    problems.push(`the run is over, and ${ended} of its ${dag.taskIds.length} tasks are`);
  const counts = Array.from(
    { length: 14 },
    (_, index) => tasks.filter(({ state }) => state === index + 1).length,
  );
  if (run.counts.join() !== counts.join())
    problems.push(`the run's counts are ${run.counts.join()}, its rows ${counts.join()}`);
}

/** Reads a run's history from a database. */
export async function readHistory(databaseUrl: string, runId: string): Promise<History> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const key = runKeyOf(runId);
    const rowsOf = async <T>(sql: string): Promise<T[]> =>
      (await client.query(sql, [key])).rows as T[];
    const [run] = await rowsOf<{ state: number; revision: string; counts: number[]; spec: Buffer }>(
      "SELECT r.state, r.revision, r.counts, v.spec FROM run AS r JOIN dag_version AS v ON v.id = r.dag_version_id WHERE r.id = $1",
    );
    if (run === undefined) throw new Error(`No run ${runId}.`);
    const events = await rowsOf<{ seq: string; run_state: number; changes: number[] }>(
      "SELECT seq, run_state, changes FROM event WHERE run_id = $1 ORDER BY seq",
    );
    const tasks = await rowsOf<{
      ix: number;
      map_ix: number;
      state: number;
      attempt: number;
      uncounted: number;
    }>("SELECT ix, map_ix, state, attempt, uncounted FROM task_instance WHERE run_id = $1");
    const attempts = await rowsOf<AttemptRow>(
      "SELECT ix, attempt, state FROM task_instance_attempt WHERE run_id = $1",
    );
    return {
      dag: compileDag(dagSpecFromProto(fromBinary(DagSpecSchema, run.spec))),
      run: { state: run.state, revision: Number(run.revision), counts: run.counts },
      events: events.map(({ seq, run_state, changes }) => ({
        seq: Number(seq),
        runState: run_state,
        changes: changesOf(changes),
      })),
      tasks: tasks.map(({ map_ix, ...row }) => ({ ...row, mapIx: map_ix })),
      attempts,
    };
  } finally {
    await client.end();
  }
}

/** Quadruples, as the event table keeps them. */
function changesOf(flat: readonly number[]): Change[] {
  return Array.from({ length: flat.length / 4 }, (_, index) => {
    const [ix, mapIx, state, attempt] = flat.slice(4 * index, 4 * index + 4) as [
      number,
      number,
      number,
      number,
    ];
    return { ix, mapIx, state, attempt };
  });
}
