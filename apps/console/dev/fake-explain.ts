/** Reasons of the test double, in the words that the real admission would use. */
import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { ReasonKind, ReasonSchema, TaskState } from "@millrace/wire/v1";
import type { Reason, TaskInstance } from "@millrace/wire/v1";
import { waitReasons } from "./fake-explain-waits.ts";
import type { FakeRun } from "./fake-run.ts";
import { workerSlots } from "./fake-world.ts";
import type { FakeWorld } from "./fake-world.ts";

export function fakeReasons(
  world: FakeWorld,
  run: FakeRun,
  instance: TaskInstance,
): readonly Reason[] {
  const { dagId } = run.run;
  const { state, tryNumber, maxTries, retryAt, rescheduleAt, worker, taskId, queue } = instance;
  if (state === TaskState.NONE) {
    const isMapped = run.behaviourOf(taskId).length !== undefined;
    return [
      ...gatesOfRun(world, run),
      ...(isMapped ? [mapLength(run, taskId)] : []),
      upstream(run, taskId),
    ];
  }
  if (state === TaskState.SCHEDULED) {
    return run.behaviourOf(taskId).isOrphan === true
      ? [noWorker(queue, taskId)]
      : [...gatesOfRun(world, run), limits(world, run)];
  }
  if (state === TaskState.UP_FOR_RETRY) {
    return [
      create(ReasonSchema, {
        kind: ReasonKind.RETRY_WAIT,
        message: `Try ${tryNumber} of ${maxTries} did not succeed; the next one starts in ${secondsTo(retryAt)} s.`,
        evidence: { try: String(tryNumber), tries: String(maxTries) },
        ...(retryAt === undefined ? {} : { until: retryAt }),
      }),
    ];
  }
  if (state === TaskState.UP_FOR_RESCHEDULE) {
    return [
      create(ReasonSchema, {
        kind: ReasonKind.RESCHEDULE_WAIT,
        message: `It looked in vain and looks again in ${secondsTo(rescheduleAt)} s.`,
        ...(rescheduleAt === undefined ? {} : { until: rescheduleAt }),
      }),
    ];
  }
  if (instance.waiting !== undefined) return waitReasons(run, instance);
  const isRunning = state === TaskState.RUNNING;
  return [
    create(ReasonSchema, {
      kind: isRunning ? ReasonKind.RUNNING : ReasonKind.FINAL,
      message: isRunning
        ? `Worker ${worker} runs attempt ${tryNumber} of ${dagId}.${taskId}.`
        : "It is final; it waits for nothing.",
    }),
  ];
}

function secondsTo(at: Timestamp | undefined): number {
  return at === undefined ? 0 : Math.max(0, Math.ceil((timestampMs(at) - Date.now()) / 1_000));
}

function mapLength(run: FakeRun, taskId: string): Reason {
  const parents = run.parentsOf(taskId);
  return create(ReasonSchema, {
    kind: ReasonKind.MAP_LENGTH,
    message: `It is mapped over lists that are not known yet: ${parents.join(", ")}.`,
    evidence: { sources: "1" },
    taskIds: [...parents],
  });
}

function noWorker(queue: string, handler: string): Reason {
  return create(ReasonSchema, {
    kind: ReasonKind.NO_WORKER_FOR_QUEUE,
    message: `No live worker serves the queue "${queue}".`,
    evidence: { queue, workers: "0", handler },
  });
}

function gatesOfRun(world: FakeWorld, run: FakeRun): readonly Reason[] {
  const { dagId } = run.run;
  const gates: Reason[] = [];
  if (world.paused.has(dagId)) {
    gates.push(
      create(ReasonSchema, {
        kind: ReasonKind.DAG_PAUSED,
        message: `The DAG ${dagId} is paused: nothing new starts.`,
        evidence: { dag: dagId },
      }),
    );
  }
  if (world.isHeld(run)) {
    gates.push(
      create(ReasonSchema, {
        kind: ReasonKind.MAX_ACTIVE_RUNS,
        message: `${run.dag.spec.maxActiveRuns} of ${run.dag.spec.maxActiveRuns} runs of ${dagId} are active.`,
        evidence: { limit: String(run.dag.spec.maxActiveRuns) },
      }),
    );
  }
  return gates;
}

function upstream(run: FakeRun, taskId: string): Reason {
  const open = run
    .parentsOf(taskId)
    .filter((id) => run.tasks.get(id)?.instance.state !== TaskState.SUCCESS);
  return create(ReasonSchema, {
    kind: ReasonKind.UPSTREAM,
    message: `Waits for ${open.length} of ${run.parentsOf(taskId).length} tasks before it.`,
    evidence: { trigger_rule: "all_success", open: String(open.length) },
    taskIds: open.slice(0, 20),
  });
}

function limits(world: FakeWorld, run: FakeRun): Reason {
  const running = run.countOf(TaskState.RUNNING);
  if (running >= run.dag.spec.maxActiveTasks) {
    return create(ReasonSchema, {
      kind: ReasonKind.MAX_ACTIVE_TASKS,
      message: `${running} of ${run.dag.spec.maxActiveTasks} tasks of the run are running.`,
      evidence: { limit: String(run.dag.spec.maxActiveTasks), running: String(running) },
    });
  }
  if (world.running() >= workerSlots) {
    return create(ReasonSchema, {
      kind: ReasonKind.NO_FREE_SLOT,
      message: `2 workers could run it, and all their ${workerSlots} slots are taken.`,
      evidence: { workers: "2", slots: String(workerSlots) },
    });
  }
  return create(ReasonSchema, {
    kind: ReasonKind.DISPATCHING,
    message: "Nothing holds it back: it is about to be handed out.",
  });
}
