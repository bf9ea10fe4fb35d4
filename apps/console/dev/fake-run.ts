/** One run of the test double: a small imitation of the engine, moved on by the clock it is given. */
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  AttemptSchema,
  CallbackEvent,
  DagRunSchema,
  FailureKind,
  FailureSchema,
  InputState,
  RunState,
  RunType,
  TaskControl,
  TaskInstanceSchema,
  TaskState,
} from "@millrace/wire/v1";
import type {
  Attempt,
  DagRun,
  Failure,
  InputRequest,
  TaskInstance,
  TaskSpec,
} from "@millrace/wire/v1";
import type { Behaviour, FakeDag } from "./fake-dag.ts";
import { FakeInstances } from "./fake-instances.ts";
import { FakeDeliveries } from "./fake-deliveries.ts";
import { finalStates, judge } from "./fake-rules.ts";
import { parseStack } from "./fake-texts.ts";
import { endRequest, isWaiting, newsOf, requestOf, waitingOf } from "./fake-waits.ts";
import type { Ending, FakeWait } from "./fake-waits.ts";

export type FakeTask = {
  readonly spec: TaskSpec;
  readonly instance: TaskInstance;
  readonly attempts: Attempt[];
  endsAt: number;
  /** Of a sensor: looks in vain so far. */
  looked: number;
  /** Waits that are over. */
  waited: number;
  /** Of a mapped task, once it is expanded. */
  instances: FakeInstances | null;
};

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

const intervalDefaultMs = 60_000;
/** What a task that is held would wait by itself: longer than anybody looks at it. */
const heldMs = 3_600_000;

const begun = { endsAt: 0, looked: 0, waited: 0, instances: null };

export class FakeRun {
  readonly dag: FakeDag;
  readonly run: DagRun;
  readonly tasks = new Map<string, FakeTask>();
  /** What people were asked, oldest first. */
  readonly inputs: InputRequest[] = [];
  readonly deliveries: FakeDeliveries;
  readonly #parents = new Map<string, string[]>();
  /** Tasks that are not to leave a state by themselves, each with the state. */
  readonly #held = new Set<string>();
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
    for (const spec of init.dag.spec.tasks) {
      const { taskId, queue, retries } = spec;
      const instance = create(TaskInstanceSchema, {
        runId: init.runId,
        taskId,
        mapIndex: -1,
        state: TaskState.NONE,
        maxTries: retries + 1,
        queue,
        ...(this.behaviourOf(taskId).length === undefined ? {} : { mapped: {} }),
      });
      const task = { ...begun, spec, instance, attempts: [] };
      this.tasks.set(taskId, task);
      this.#parents.set(taskId, []);
    }
    this.deliveries = new FakeDeliveries(init.runId, init.dag.spec);
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
    this.deliveries.tick(now);
    if (this.isFinal) return;
    if (this.run.state === RunState.QUEUED) {
      this.run.state = RunState.RUNNING;
      this.run.startedAt = timestampFromMs(now);
      this.run.revision += 1n;
    }
    for (const task of this.tasks.values()) this.#settle(task, now);
    for (const task of this.tasks.values()) this.#tickInstances(task, now);
    let slots = Math.min(freeSlots, this.dag.spec.maxActiveTasks - this.countOf(TaskState.RUNNING));
    for (const task of this.tasks.values()) {
      if (slots > 0 && this.isReady(task)) {
        this.#start(task, now);
        slots -= 1;
      }
    }
    if ([...this.tasks.values()].every((task) => this.isOver(task))) this.#finish(now);
  }

  /** The task stays in this state once it comes to it, until it is let go: running, or waiting without a slot. */
  hold(taskId: string, state: TaskState): void {
    this.#held.add(heldKey(taskId, state));
  }

  isToHold({ instance }: FakeTask, state: TaskState): boolean {
    return this.#held.has(heldKey(instance.taskId, state));
  }

  /** What a held task does now is over. */
  letGo(task: FakeTask, now: number): void {
    const { taskId, state } = task.instance;
    if (!this.#held.delete(heldKey(taskId, state))) throw new Error(`${taskId} is not held.`);
    task.endsAt = -Infinity;
    this.#settle(task, now);
  }

  isReady({ instance, instances }: FakeTask): boolean {
    return (
      instances === null &&
      instance.state === TaskState.SCHEDULED &&
      !this.behaviourOf(instance.taskId).isOrphan
    );
  }

  isOver({ instance, instances }: FakeTask): boolean {
    return instances === null ? finalStates.has(instance.state) : instances.isOver;
  }

  /** Lets everything be judged anew: after a person has changed states. */
  reopen(): void {
    if (!this.isFinal) return;
    this.run.state = RunState.QUEUED;
    delete this.run.startedAt;
    delete this.run.endedAt;
    delete this.run.failure;
    this.run.revision += 1n;
  }

  /** A task runs again, with all its retries; its attempts stay. */
  clear(task: FakeTask): void {
    const { instance, spec } = task;
    this.#withdraw(task, Date.now());
    instance.maxTries = instance.tryNumber + spec.retries + 1;
    instance.chosenCases = [];
    task.instances = null;
    task.looked = 0;
    task.waited = 0;
    if (instance.mapped !== undefined) {
      delete instance.mapped.length;
      instance.mapped.counts = [];
    }
    for (const key of ["startedAt", "endedAt", "retryAt", "rescheduleAt", "failure"] as const) {
      delete instance[key];
    }
    this.set(task, TaskState.NONE);
  }

  /** Takes over what became of a mapped task's instances. */
  refresh(task: FakeTask): void {
    if (task.instances === null) return;
    task.instance.mapped = task.instances.summary();
    this.set(task, task.instances.state);
  }

  /** Its outcome is what a person says. */
  mark(task: FakeTask, state: TaskState, now: number): void {
    const { instance } = task;
    this.#withdraw(task, now);
    instance.endedAt = timestampFromMs(now);
    delete instance.failure;
    const attempt = task.attempts.at(-1);
    if (attempt?.state === TaskState.RUNNING) {
      attempt.state = TaskState.FAILED;
      attempt.endedAt = instance.endedAt;
    }
    this.set(task, state);
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
      if (!this.isOver(task)) this.#end(task, now, failure);
    }
    this.#finish(now, failure);
  }

  /** As the run ends by a person's word. */
  end(state: RunState, now: number): void {
    this.run.state = state;
    this.run.endedAt = timestampFromMs(now);
    this.run.revision += 1n;
    delete this.run.failure;
    if (state !== RunState.FAILED) return;
    const message = "Marked failed by user:admin.";
    this.run.failure = create(FailureSchema, { kind: FailureKind.APPLICATION, message });
  }

  #tickInstances(task: FakeTask, now: number): void {
    const { instances, instance } = task;
    if (instances === null || instances.isOver || !instances.tick(now)) return;
    instance.startedAt ??= timestampFromMs(now);
    if (instances.isOver) instance.endedAt = timestampFromMs(now);
    this.refresh(task);
  }

  #settle(task: FakeTask, now: number): void {
    const { instance, spec } = task;
    if (this.isToHold(task, instance.state)) return;
    if (instance.state === TaskState.NONE) this.#look(task, now);
    if (instance.state === TaskState.UP_FOR_RETRY && now >= task.endsAt + retryDelayMs(spec)) {
      this.set(task, TaskState.SCHEDULED);
    }
    if (instance.state === TaskState.UP_FOR_RESCHEDULE && now >= task.endsAt + intervalMs(spec)) {
      this.set(task, TaskState.SCHEDULED);
    }
    if (task.instances === null && instance.state === TaskState.RUNNING && now >= task.endsAt) {
      this.#over(task, now);
    }
    if (isWaiting(instance.state)) this.#settleWait(task, now);
  }

  /** The wait that a task is in; undefined when it is in none. */
  waitOf({ instance, waited }: FakeTask): FakeWait | undefined {
    return isWaiting(instance.state)
      ? this.behaviourOf(instance.taskId).waits?.[waited]
      : undefined;
  }

  #settleWait(task: FakeTask, now: number): void {
    const { waiting } = task.instance;
    const wait = this.waitOf(task);
    if (wait === undefined || waiting === undefined) return;
    const news = newsOf(wait, waiting, now);
    if (news.kind === "open") return;
    if (news.kind === "over") {
      const values = wait.for === "input" ? (wait.form.defaults ?? {}) : {};
      return this.fulfil(task, { state: InputState.ANSWERED, now, by: "timeout", values });
    }
    endRequest(this.openInput(task), { state: InputState.TIMED_OUT, now });
    delete task.instance.waiting;
    this.#end(task, now, news.failure);
  }

  /** What it waits for has come: it goes on in another attempt, which spends no retry. */
  fulfil(task: FakeTask, ending: Ending): void {
    endRequest(this.openInput(task), ending);
    delete task.instance.waiting;
    task.waited += 1;
    task.instance.maxTries += 1;
    this.set(task, TaskState.SCHEDULED);
  }

  openInput({ instance }: FakeTask): InputRequest | undefined {
    return this.inputs.find(
      ({ taskId, state }) => taskId === instance.taskId && state === InputState.OPEN,
    );
  }

  #withdraw(task: FakeTask, now: number): void {
    endRequest(this.openInput(task), { state: InputState.WITHDRAWN, now });
    delete task.instance.waiting;
  }

  /** The body came to its end. */
  #over(task: FakeTask, now: number): void {
    const { instance } = task;
    const behaviour = this.behaviourOf(instance.taskId);
    const { failures = 0, isRetryable = true, looks = 0 } = behaviour;
    if (task.looked < looks) return this.#reschedule(task, now);
    const wait = behaviour.waits?.[task.waited];
    if (wait !== undefined) return this.#defer(task, wait, now);
    const isBad = instance.tryNumber - task.looked - task.waited <= failures;
    instance.chosenCases = [...(behaviour.chooses ?? [])];
    this.#end(task, now, isBad ? applicationFailure(isRetryable) : null);
    if (behaviour.skips !== true || instance.state !== TaskState.SUCCESS) return;
    const attempt = task.attempts.at(-1);
    if (attempt !== undefined) attempt.state = TaskState.SKIPPED;
    this.set(task, TaskState.SKIPPED);
  }

  /** It gives its slot back and waits. */
  #defer(task: FakeTask, wait: FakeWait, now: number): void {
    const { instance } = task;
    const state = wait.for === "input" ? TaskState.AWAITING_INPUT : TaskState.DEFERRED;
    const isLong = wait.for !== "input" && this.isToHold(task, state);
    instance.waiting = waitingOf(isLong ? { ...wait, ms: heldMs } : wait, now);
    const attempt = task.attempts.at(-1);
    if (attempt !== undefined) {
      attempt.state = state;
      attempt.endedAt = timestampFromMs(now);
    }
    if (wait.for === "input") {
      const { dagId, runName } = this.run;
      this.inputs.push(requestOf(task.instance, wait, { dagId, runName, now }));
    }
    this.set(task, state);
  }

  #reschedule(task: FakeTask, now: number): void {
    const { instance } = task;
    task.looked += 1;
    task.endsAt = now;
    instance.maxTries += 1;
    const state = TaskState.UP_FOR_RESCHEDULE;
    const waitMs = this.isToHold(task, state) ? heldMs : intervalMs(task.spec);
    instance.rescheduleAt = timestampFromMs(now + waitMs);
    this.set(task, state);
  }

  #look(task: FakeTask, now: number): void {
    const { instance, spec } = task;
    const parents = this.parentsOf(instance.taskId).flatMap((id) => this.tasks.get(id) ?? []);
    const states = parents.map((parent) => this.#outcomeOf(parent));
    const isLeftOut = parents.some((parent) => leavesOut(parent, instance.taskId));
    const judged = isLeftOut ? "skip" : judge(spec.triggerRule, states);
    if (judged === "wait") return;
    if (judged === "run") {
      instance.readyAt = timestampFromMs(now);
      const { length } = this.behaviourOf(instance.taskId);
      if (length === undefined) return this.set(task, TaskState.SCHEDULED);
      task.instances = new FakeInstances(length, this.behaviourOf(instance.taskId));
      return this.refresh(task);
    }
    instance.endedAt = timestampFromMs(now);
    this.set(task, judged === "skip" ? TaskState.SKIPPED : TaskState.UPSTREAM_FAILED);
  }

  #outcomeOf(task: FakeTask): TaskState {
    return this.isOver(task) ? task.instance.state : TaskState.NONE;
  }

  #start(task: FakeTask, now: number): void {
    const { instance } = task;
    instance.tryNumber += 1;
    const startedAt = timestampFromMs(now);
    // What goes on after a wait began when it began.
    if (task.waited === 0 || instance.startedAt === undefined) instance.startedAt = startedAt;
    instance.worker = `worker-${instance.taskId.length % 2 === 0 ? "a" : "b"}`;
    delete instance.endedAt;
    delete instance.retryAt;
    delete instance.failure;
    delete instance.rescheduleAt;
    task.endsAt = now + this.behaviourOf(instance.taskId).ms;
    // The looks of a sensor's try are one attempt, under the number of the last.
    if (task.looked > 0) task.attempts.pop();
    task.attempts.push(
      create(AttemptSchema, {
        tryNumber: instance.tryNumber,
        state: TaskState.RUNNING,
        startedAt,
        worker: instance.worker,
      }),
    );
    this.set(task, TaskState.RUNNING);
  }

  #end(task: FakeTask, now: number, failure: Failure | null): void {
    const { instance } = task;
    this.#withdraw(task, now);
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
      const isHeld = this.isToHold(task, TaskState.UP_FOR_RETRY);
      instance.retryAt = timestampFromMs(now + (isHeld ? heldMs : retryDelayMs(task.spec)));
      this.deliveries.happened(task, CallbackEvent.RETRY, now);
      this.set(task, TaskState.UP_FOR_RETRY);
      return;
    }
    const event = failure === null ? CallbackEvent.SUCCESS : CallbackEvent.FAILURE;
    if (failure?.kind !== FailureKind.CANCELLED) this.deliveries.happened(task, event, now);
    this.set(task, state);
  }

  #finish(now: number, failure?: Failure): void {
    const isFailed = failure !== undefined || this.countOf(TaskState.FAILED) > 0;
    this.run.state = isFailed ? RunState.FAILED : RunState.SUCCESS;
    this.run.endedAt = timestampFromMs(now);
    this.run.revision += 1n;
    const event = isFailed ? CallbackEvent.FAILURE : CallbackEvent.SUCCESS;
    if (failure === undefined) this.deliveries.happened(null, event, now);
    if (failure !== undefined) this.run.failure = failure;
    else if (isFailed) {
      this.run.failure = create(FailureSchema, {
        kind: FailureKind.APPLICATION,
        message: "A leaf of the run failed.",
      });
    }
  }

  set(task: FakeTask, state: TaskState): void {
    task.instance.state = state;
    this.#changed.add(task.instance.taskId);
    this.run.revision += 1n;
  }
}

function heldKey(taskId: string, state: TaskState): string {
  return `${taskId} ${state}`;
}

function leavesOut({ spec, instance }: FakeTask, taskId: string): boolean {
  if (instance.state !== TaskState.SUCCESS) return false;
  if (spec.control === TaskControl.SHORT_CIRCUIT) return instance.chosenCases.length === 0;
  if (spec.control !== TaskControl.BRANCH) return false;
  const chosen = spec.cases.filter(({ name }) => instance.chosenCases.includes(name));
  return !chosen.some((one) => one.taskIds.includes(taskId));
}

function retryDelayMs({ retryDelay }: TaskSpec): number {
  return Number(retryDelay?.seconds ?? 0n) * 1_000;
}

function intervalMs({ sensor }: TaskSpec): number {
  return sensor?.interval === undefined
    ? intervalDefaultMs
    : Number(sensor.interval.seconds) * 1_000;
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
