/** The instances of a mapped task of the test double: columns, so that a hundred thousand of them are nothing. */
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  AttemptSchema,
  FailureKind,
  FailureSchema,
  MappedSummarySchema,
  TaskInstanceSchema,
  TaskState,
} from "@millrace/wire/v1";
import type { Attempt, MappedSummary, TaskInstance } from "@millrace/wire/v1";
import type { Behaviour } from "./fake-dag.ts";

const pastAttemptMs = 900;

/** Which state stands for many: what needs a look first, then what goes on, then what has come of them. */
const standing: readonly TaskState[] = [
  TaskState.RUNNING,
  TaskState.FAILED,
  TaskState.UPSTREAM_FAILED,
  TaskState.SCHEDULED,
  TaskState.NONE,
  TaskState.SUCCESS,
  TaskState.SKIPPED,
];

export class FakeInstances {
  readonly length: number;
  readonly #behaviour: Behaviour;
  readonly #states: Uint8Array;
  readonly #tries: Uint8Array;
  readonly #startedAt: Float64Array;
  readonly #endedAt: Float64Array;
  readonly #counts = new Map<TaskState, number>();
  #running: number[] = [];
  /** Highest first, so that the lowest is taken from the end. */
  #waiting: number[];

  constructor(length: number, behaviour: Behaviour) {
    this.length = length;
    this.#behaviour = behaviour;
    this.#states = new Uint8Array(length).fill(TaskState.SCHEDULED);
    this.#tries = new Uint8Array(length);
    this.#startedAt = new Float64Array(length);
    this.#endedAt = new Float64Array(length);
    this.#waiting = Array.from({ length }, (_, ix) => length - 1 - ix);
    this.#counts.set(TaskState.SCHEDULED, length);
  }

  get isOver(): boolean {
    return this.#running.length === 0 && this.#waiting.length === 0;
  }

  get state(): TaskState {
    return standing.find((state) => (this.#counts.get(state) ?? 0) > 0) ?? TaskState.NONE;
  }

  stateOf(ix: number): TaskState {
    return (this.#states[ix] ?? TaskState.UNSPECIFIED) as TaskState;
  }

  summary(): MappedSummary {
    const counts = [...this.#counts].map(([state, count]) => ({ state, count }));
    return create(MappedSummarySchema, {
      length: this.length,
      counts: counts.filter(({ count }) => count > 0),
    });
  }

  /** Whether anything changed. */
  tick(now: number): boolean {
    const { ms, parallel = 8, badEvery = 0 } = this.#behaviour;
    const before = this.#running.length;
    this.#running = this.#running.filter((ix) => {
      const endsAt = (this.#startedAt[ix] ?? 0) + ms;
      if (now < endsAt) return true;
      const isBad = badEvery > 0 && ix % badEvery === badEvery - 1 && this.#tries[ix] === 1;
      this.#endedAt[ix] = endsAt;
      this.#set(ix, isBad ? TaskState.FAILED : TaskState.SUCCESS);
      return false;
    });
    let isAny = this.#running.length !== before;
    while (this.#running.length < parallel && this.#waiting.length > 0) {
      const ix = this.#waiting.pop() ?? 0;
      this.#tries[ix] = (this.#tries[ix] ?? 0) + 1;
      this.#startedAt[ix] = now;
      this.#endedAt[ix] = 0;
      this.#set(ix, TaskState.RUNNING);
      this.#running.push(ix);
      isAny = true;
    }
    return isAny;
  }

  clear(ixs: readonly number[]): void {
    const cleared = new Set(ixs);
    for (const ix of ixs) this.#set(ix, TaskState.SCHEDULED);
    this.#running = this.#running.filter((ix) => !cleared.has(ix));
    this.#waiting = [...new Set([...this.#waiting, ...ixs])].sort((a, b) => b - a);
  }

  mark(ixs: readonly number[], state: TaskState, now: number): void {
    const marked = new Set(ixs);
    for (const ix of ixs) {
      this.#endedAt[ix] = now;
      this.#set(ix, state);
    }
    this.#running = this.#running.filter((ix) => !marked.has(ix));
    this.#waiting = this.#waiting.filter((ix) => !marked.has(ix));
  }

  message(whole: TaskInstance, ix: number): TaskInstance {
    const state = this.stateOf(ix);
    const { named } = this.#behaviour;
    const attempt = this.attempts(ix).at(-1);
    return create(TaskInstanceSchema, {
      runId: whole.runId,
      taskId: whole.taskId,
      mapIndex: ix,
      state,
      tryNumber: this.#tries[ix] ?? 0,
      maxTries: whole.maxTries,
      queue: whole.queue,
      mapIndexLabel: named === undefined ? "" : `${named} ${String(ix * 7 + 1_000)}`,
      ...(attempt === undefined || state === TaskState.SCHEDULED
        ? {}
        : {
            worker: attempt.worker,
            ...(attempt.startedAt === undefined ? {} : { startedAt: attempt.startedAt }),
            ...(attempt.endedAt === undefined ? {} : { endedAt: attempt.endedAt }),
            ...(attempt.failure === undefined ? {} : { failure: attempt.failure }),
          }),
    });
  }

  /** Oldest first. Of those before the last only the last one's times are known: they are put before it. */
  attempts(ix: number): Attempt[] {
    const count = this.#tries[ix] ?? 0;
    const began = this.#startedAt[ix] ?? 0;
    return Array.from({ length: count }, (_, at) => {
      const isLast = at === count - 1;
      const isRunning = isLast && this.stateOf(ix) === TaskState.RUNNING;
      const startedAt = began - (count - 1 - at) * pastAttemptMs;
      const isBad = !isLast || this.stateOf(ix) === TaskState.FAILED;
      const end = isLast ? (this.#endedAt[ix] ?? 0) : startedAt + pastAttemptMs / 2;
      return create(AttemptSchema, {
        tryNumber: at + 1,
        state: isRunning ? TaskState.RUNNING : isBad ? TaskState.FAILED : TaskState.SUCCESS,
        startedAt: timestampFromMs(startedAt),
        worker: `worker-${ix % 2 === 0 ? "a" : "b"}`,
        ...(isRunning ? {} : { endedAt: timestampFromMs(end) }),
        ...(isBad && !isRunning ? { failure: badElement(ix) } : {}),
      });
    });
  }

  #set(ix: number, state: TaskState): void {
    const before = this.stateOf(ix);
    this.#counts.set(before, (this.#counts.get(before) ?? 0) - 1);
    this.#counts.set(state, (this.#counts.get(state) ?? 0) + 1);
    this.#states[ix] = state;
  }
}

function badElement(ix: number) {
  return create(FailureSchema, {
    kind: FailureKind.APPLICATION,
    type: "RangeError",
    message: `Element ${ix} has no rows to report on.`,
    stack: `RangeError: Element ${ix} has no rows to report on.\n    at render (file:///bundles/3fa1c9/reports.js:27:11)`,
  });
}
