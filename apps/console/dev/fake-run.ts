/** One run of the test double: a small imitation of the engine, moved on by the clock it is given. */
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  AttemptSchema,
  DagRunSchema,
  FailureKind,
  FailureSchema,
  RunState,
  RunType,
  TaskInstanceSchema,
  TaskState,
} from "@millrace/wire/v1";
import type { Attempt, DagRun, Failure, TaskInstance } from "@millrace/wire/v1";
import type { Behaviour, FakeDag } from "./fake-dags.ts";
import { parseStack } from "./fake-texts.ts";

export type FakeTask = { instance: TaskInstance; attempts: Attempt[]; endsAt: number };

export type RunInit = {
  readonly runId: string;
  readonly runName: string;
  readonly dag: FakeDag;
  readonly at: number;
  readonly params: Uint8Array;
  readonly logicalDate: number | null;
  readonly isScheduled: boolean;
  readonly note: string;
  readonly triggeredBy: string;
};

const retryDelayMs = 4_000;

const finals: ReadonlySet<TaskState> = new Set([
  TaskState.SUCCESS,
  TaskState.FAILED,
  TaskState.SKIPPED,
  TaskState.UPSTREAM_FAILED,
]);

export class FakeRun {
  readonly dag: FakeDag;
  readonly run: DagRun;
  readonly tasks = new Map<string, FakeTask>();
  readonly #parents = new Map<string, string[]>();
  #changed = new Set<string>();

  constructor(init: RunInit) {
    this.dag = init.dag;
    this.run = create(DagRunSchema, {
      runId: init.runId,
      dagId: init.dag.spec.dagId,
      dagVersion: 3,
      runName: init.runName,
      state: RunState.QUEUED,
      runType: init.isScheduled ? RunType.SCHEDULED : RunType.MANUAL,
      params: { data: init.params },
      queuedAt: timestampFromMs(init.at),
      note: init.note,
      triggeredBy: init.triggeredBy,
      revision: 1n,
      ...(init.logicalDate === null ? {} : { logicalDate: timestampFromMs(init.logicalDate) }),
    });
    for (const { taskId, queue, retries } of init.dag.spec.tasks) {
      const instance = create(TaskInstanceSchema, {
        runId: init.runId,
        taskId,
        mapIndex: -1,
        state: TaskState.NONE,
        maxTries: retries + 1,
        queue,
      });
      this.tasks.set(taskId, { instance, attempts: [], endsAt: 0 });
      this.#parents.set(taskId, []);
    }
    for (const edge of init.dag.spec.edges) this.#parents.get(edge.toTaskId)?.push(edge.fromTaskId);
  }

  get isFinal(): boolean {
    return this.run.state === RunState.SUCCESS || this.run.state === RunState.FAILED;
  }

  parentsOf(taskId: string): readonly string[] {
    return this.#parents.get(taskId) ?? [];
  }

  countOf(state: TaskState): number {
    return [...this.tasks.values()].filter((task) => task.instance.state === state).length;
  }

  /** Everything that changed since it was last asked. */
  takeChanges(): readonly TaskInstance[] {
    const changed = [...this.#changed].flatMap((id) => this.tasks.get(id)?.instance ?? []);
    this.#changed = new Set();
    return changed;
  }

  /** Moves on to `now`; starts at most `freeSlots` tasks. */
  tick(now: number, freeSlots: number): void {
    if (this.isFinal) return;
    if (this.run.state === RunState.QUEUED) {
      this.run.state = RunState.RUNNING;
      this.run.startedAt = timestampFromMs(now);
      this.run.revision += 1n;
    }
    for (const task of this.tasks.values()) this.#settle(task, now);
    let slots = Math.min(freeSlots, this.dag.spec.maxActiveTasks - this.countOf(TaskState.RUNNING));
    for (const task of this.tasks.values()) {
      if (slots > 0 && this.isReady(task)) {
        this.#start(task, now);
        slots -= 1;
      }
    }
    if ([...this.tasks.values()].every((task) => finals.has(task.instance.state)))
      this.#finish(now);
  }

  isReady({ instance }: FakeTask): boolean {
    return instance.state === TaskState.SCHEDULED && !this.behaviourOf(instance.taskId).isOrphan;
  }

  behaviourOf(taskId: string): Behaviour {
    return this.dag.behaviours.get(taskId) ?? { ms: 1_000 };
  }

  cancel(now: number): void {
    if (this.isFinal) return;
    const failure = create(FailureSchema, {
      kind: FailureKind.CANCELLED,
      message: "Cancelled by user:admin.",
    });
    for (const task of this.tasks.values()) {
      if (!finals.has(task.instance.state)) this.#end(task, now, failure);
    }
    this.#finish(now, failure);
  }

  #settle(task: FakeTask, now: number): void {
    const { instance } = task;
    if (instance.state === TaskState.NONE) this.#look(task, now);
    if (instance.state === TaskState.UP_FOR_RETRY && now >= task.endsAt + retryDelayMs) {
      this.#set(task, TaskState.SCHEDULED);
    }
    if (instance.state === TaskState.RUNNING && now >= task.endsAt) {
      const { failures = 0, isRetryable = true } = this.behaviourOf(instance.taskId);
      this.#end(task, now, instance.tryNumber <= failures ? applicationFailure(isRetryable) : null);
    }
  }

  #look(task: FakeTask, now: number): void {
    const states = this.parentsOf(task.instance.taskId).map(
      (id) => this.tasks.get(id)?.instance.state ?? TaskState.NONE,
    );
    if (states.some((state) => state === TaskState.FAILED || state === TaskState.UPSTREAM_FAILED)) {
      task.instance.endedAt = timestampFromMs(now);
      this.#set(task, TaskState.UPSTREAM_FAILED);
    } else if (states.every((state) => state === TaskState.SUCCESS)) {
      task.instance.readyAt = timestampFromMs(now);
      this.#set(task, TaskState.SCHEDULED);
    }
  }

  #start(task: FakeTask, now: number): void {
    const { instance } = task;
    instance.tryNumber += 1;
    instance.startedAt = timestampFromMs(now);
    instance.worker = `worker-${instance.taskId.length % 2 === 0 ? "a" : "b"}`;
    delete instance.endedAt;
    delete instance.retryAt;
    delete instance.failure;
    task.endsAt = now + this.behaviourOf(instance.taskId).ms;
    task.attempts.push(
      create(AttemptSchema, {
        tryNumber: instance.tryNumber,
        state: TaskState.RUNNING,
        startedAt: instance.startedAt,
        worker: instance.worker,
      }),
    );
    this.#set(task, TaskState.RUNNING);
  }

  #end(task: FakeTask, now: number, failure: Failure | null): void {
    const { instance } = task;
    instance.endedAt = timestampFromMs(now);
    task.endsAt = now;
    const attempt = task.attempts.at(-1);
    const state = failure === null ? TaskState.SUCCESS : TaskState.FAILED;
    if (attempt?.state === TaskState.RUNNING) {
      attempt.state = state;
      attempt.endedAt = instance.endedAt;
      if (failure !== null) attempt.failure = failure;
    }
    if (failure !== null) instance.failure = failure;
    if (failure?.retryable === true && instance.tryNumber < instance.maxTries) {
      instance.retryAt = timestampFromMs(now + retryDelayMs);
      this.#set(task, TaskState.UP_FOR_RETRY);
    } else this.#set(task, state);
  }

  #finish(now: number, failure?: Failure): void {
    const isFailed = failure !== undefined || this.countOf(TaskState.FAILED) > 0;
    this.run.state = isFailed ? RunState.FAILED : RunState.SUCCESS;
    this.run.endedAt = timestampFromMs(now);
    this.run.revision += 1n;
    if (failure !== undefined) this.run.failure = failure;
    else if (isFailed) {
      this.run.failure = create(FailureSchema, {
        kind: FailureKind.APPLICATION,
        message: "A leaf of the run failed.",
      });
    }
  }

  #set(task: FakeTask, state: TaskState): void {
    task.instance.state = state;
    this.#changed.add(task.instance.taskId);
    this.run.revision += 1n;
  }
}

function applicationFailure(isRetryable: boolean): Failure {
  return create(FailureSchema, {
    kind: FailureKind.APPLICATION,
    type: "TypeError",
    message: "Cannot read properties of undefined (reading 'split')",
    stack: parseStack,
    retryable: isRetryable,
  });
}
