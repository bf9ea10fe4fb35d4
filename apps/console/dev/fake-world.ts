/** All that the test double knows: DAGs with a history, runs that progress by themselves, and who is listening. */
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { TaskInstance } from "@millrace/wire/v1";
import { InputState, TaskState } from "@millrace/wire/v1";
import { FakeRun } from "./fake-run.ts";
import { fakeDags } from "./fake-dags.ts";
import type { FakeDag } from "./fake-dag.ts";

export type RunAsked = {
  readonly params: Uint8Array;
  readonly logicalDate: number | null;
  readonly note: string;
  readonly isScheduled?: boolean;
};

type Watcher = (changes: readonly TaskInstance[]) => void;

export const workerSlots = 24;

const historyStepMs = 3_600_000;
const answerMs = 9_000;
const none = new TextEncoder().encode("{}");

export class FakeWorld {
  readonly dags = new Map<string, FakeDag>();
  readonly paused = new Set<string>();
  /** Oldest first. */
  readonly runs: FakeRun[] = [];
  /** What else the clock moves on. */
  readonly jobs = new Set<(now: number) => void>();
  readonly #watchers = new Map<string, Set<Watcher>>();
  #runNumber = 0;

  constructor(now: number) {
    for (const dag of fakeDags()) {
      this.dags.set(dag.spec.dagId, dag);
      if (dag.isPaused) this.paused.add(dag.spec.dagId);
      for (let ix = dag.history; ix > 0; ix -= 1) this.#past(dag, now - ix * historyStepMs, ix);
    }
  }

  trigger(dag: FakeDag, now: number, asked: RunAsked): FakeRun {
    const run = this.#make(dag, now, asked);
    this.runs.push(run);
    return run;
  }

  runOf(runId: string): FakeRun | undefined {
    return this.runs.find((run) => run.run.runId === runId);
  }

  runsOf(dagId: string): readonly FakeRun[] {
    return this.runs.filter((run) => run.run.dagId === dagId).toReversed();
  }

  running(state: TaskState = TaskState.RUNNING): number {
    return this.runs.reduce((sum, run) => sum + (run.isFinal ? 0 : run.countOf(state)), 0);
  }

  tick(now: number): void {
    for (const job of this.jobs) job(now);
    for (const run of this.runs) {
      run.deliveries.tick(now);
      if (run.isFinal || this.paused.has(run.run.dagId) || this.isHeld(run)) continue;
      const before = run.run.revision;
      run.tick(now, workerSlots - this.running());
      if (run.run.revision !== before) this.announce(run);
    }
  }

  /** Whether max_active_runs keeps it from beginning. */
  isHeld(run: FakeRun): boolean {
    const active = this.runs.filter(
      (one) => one.run.dagId === run.run.dagId && !one.isFinal && one.run.startedAt !== undefined,
    );
    return run.run.startedAt === undefined && active.length >= run.dag.spec.maxActiveRuns;
  }

  announce(run: FakeRun): void {
    const changes = run.takeChanges();
    for (const watcher of this.#watchers.get(run.run.runId) ?? []) watcher(changes);
  }

  watch(runId: string, watcher: Watcher): () => void {
    const watchers = this.#watchers.get(runId) ?? new Set();
    watchers.add(watcher);
    this.#watchers.set(runId, watchers);
    return () => watchers.delete(watcher);
  }

  #past(dag: FakeDag, at: number, ix: number): void {
    const isScheduled = dag.spec.schedule !== undefined;
    const run = this.#make(dag, at, {
      params: none,
      logicalDate: isScheduled ? at : null,
      note: "",
      isScheduled,
    });
    // Every seventh was stopped by a person; the orphan's runs can end in no other way.
    const isStopped = ix % 7 === 5 || [...dag.behaviours.values()].some((one) => one.isOrphan);
    const endMax = at + 900_000;
    const stopAt = isStopped ? at + 4_000 : endMax;
    // Spans differ from run to run, as they do in life.
    const pace = 0.6 + ((ix * 37) % 11) / 10;
    let clock = 0;
    while (!run.isFinal && at + clock < stopAt) {
      run.tick(at + Math.round(clock * pace), workerSlots);
      answerAll(run, at + Math.round(clock * pace));
      clock += 200;
    }
    run.cancel(at + Math.round(clock * pace));
    run.takeChanges();
    this.runs.push(run);
  }

  #make(dag: FakeDag, at: number, asked: RunAsked): FakeRun {
    this.#runNumber += 1;
    const { isScheduled = false } = asked;
    const named = new Date(asked.logicalDate ?? at).toISOString().replace("Z", "+00:00");
    return new FakeRun({
      runId: `run_${String(this.#runNumber).padStart(6, "0")}`,
      runName: `${isScheduled ? "scheduled" : "manual"}__${named}`,
      dag,
      at,
      isScheduled,
      params: asked.params,
      logicalDate: asked.logicalDate,
      note: asked.note,
      triggeredBy: isScheduled ? "timetable" : "user:admin",
    });
  }
}

/** In the past everybody has answered what they were asked, a few seconds later. */
function answerAll(run: FakeRun, now: number): void {
  for (const task of run.tasks.values()) {
    const wait = run.waitOf(task);
    const asked = run.openInput(task)?.askedAt;
    if (wait?.for !== "input" || asked === undefined || now < timestampMs(asked) + answerMs)
      continue;
    const { answer: values, answeredBy: by } = wait;
    run.fulfil(task, { state: InputState.ANSWERED, now, by, values });
  }
}
