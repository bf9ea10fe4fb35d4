/** A DAG of the test double: a spec, and how its tasks behave. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import {
  CallbackEvent,
  DagSpecSchema,
  TaskControl,
  TaskKind,
  TaskRole,
  TriggerRule,
} from "@millrace/wire/v1";
import type { DagSpec, SensorSpecSchema } from "@millrace/wire/v1";
import { exampleSource } from "./fake-texts.ts";
import type { FakeWait } from "./fake-waits.ts";

export type Behaviour = {
  /** How long an attempt takes; of a mapped task, that of each instance. */
  readonly ms: number;
  /** So many attempts fail before one succeeds. */
  readonly failures?: number;
  readonly isRetryable?: boolean;
  /** Lines an attempt writes over its time. */
  readonly lines?: number;
  /** What it returns, as codec JSON. */
  readonly result?: unknown;
  /** The queue nobody serves keeps it waiting. */
  readonly isOrphan?: boolean;
  /** Over how many elements it is mapped. */
  readonly length?: number;
  /** Of a mapped task: every so-manieth instance fails at its first attempt. */
  readonly badEvery?: number;
  /** Of a mapped task: so many instances run side by side. */
  readonly parallel?: number;
  /** Of a mapped task: what its instances are called, before their number. */
  readonly named?: string;
  /** Of a branch or a short circuit: the cases it goes on with. */
  readonly chooses?: readonly string[];
  /** Its body asks to be skipped. */
  readonly skips?: boolean;
  /** Of a sensor: looks in vain before it finds. */
  readonly looks?: number;
  /** It gives its slot back so often, one after the other, before it comes to its end. */
  readonly waits?: readonly FakeWait[];
  /** Values it leaves under keys, whatever becomes of it; one of `bytes` is kept apart because it is that large. */
  readonly xcoms?: Readonly<Record<string, unknown>>;
  readonly large?: { readonly key: string; readonly bytes: number };
};

export type FakeDag = {
  readonly spec: DagSpec;
  readonly behaviours: ReadonlyMap<string, Behaviour>;
  readonly history: number;
  readonly isPaused: boolean;
};

type TaskInit = Behaviour & {
  readonly after?: readonly string[];
  /** Words on the arrows from tasks before it. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly group?: string;
  readonly retries?: number;
  /** Seconds. */
  readonly retryDelay?: number;
  readonly queue?: string;
  readonly rule?: TriggerRule;
  readonly role?: TaskRole;
  readonly control?: TaskControl;
  readonly cases?: Readonly<Record<string, readonly string[]>>;
  readonly sensor?: MessageInitShape<typeof SensorSpecSchema>;
  readonly callbacks?: FakeCallbacks;
};

/** By event, the names of what is called then. */
export type FakeCallbacks = Readonly<Partial<Record<keyof typeof callbackEvents, string[]>>>;

const callbackEvents = {
  onSuccess: CallbackEvent.SUCCESS,
  onFailure: CallbackEvent.FAILURE,
  onRetry: CallbackEvent.RETRY,
  onSkipped: CallbackEvent.SKIPPED,
} as const;

function callbacksOf(callbacks: FakeCallbacks = {}) {
  return Object.entries(callbacks).flatMap(([key, names]) =>
    names.map((name) => ({
      on: callbackEvents[key as keyof typeof callbackEvents],
      handler: `${key}/${name}`,
      name,
    })),
  );
}

export type DagInit = Omit<
  MessageInitShape<typeof DagSpecSchema>,
  "tasks" | "edges" | "callbacks" | "$typeName"
> & {
  readonly callbacks?: FakeCallbacks;
  readonly tasks: Readonly<Record<string, TaskInit>>;
  readonly history?: number;
  readonly cron?: string;
  readonly timezone?: string;
};

/** What a mapped task or group of the test double is mapped over. */
export const someList = [{ sources: [new TextEncoder().encode('{"$":"task","id":"list"}')] }];

export function fakeDag(dagId: string, init: DagInit): FakeDag {
  const { tasks, callbacks, history = 12, cron, timezone = "UTC", ...rest } = init;
  const mappedGroups = new Set(
    (init.groups ?? []).filter((group) => (group.each ?? []).length > 0).map((one) => one.groupId),
  );
  const spec = create(DagSpecSchema, {
    dagId,
    owner: "data",
    file: `${dagId}.ts`,
    source: exampleSource(dagId),
    maxActiveRuns: 16,
    maxActiveTasks: 16,
    ...rest,
    callbacks: callbacksOf(callbacks),
    ...(cron === undefined
      ? {}
      : { schedule: { kind: { case: "cron", value: { expressions: [cron], timezone } } } }),
    tasks: Object.entries(tasks).map(([taskId, task]) => ({
      taskId,
      groupId: task.group ?? "",
      handler: taskId,
      kind: task.isOrphan === true ? TaskKind.EXTERNAL : TaskKind.BUNDLE,
      retries: task.retries ?? 0,
      retryDelay: { seconds: BigInt(task.retryDelay ?? 4) },
      queue: task.queue ?? "default",
      triggerRule: task.rule ?? TriggerRule.ALL_SUCCESS,
      role: task.role ?? TaskRole.WORK,
      control: task.control ?? (task.cases === undefined ? TaskControl.NONE : TaskControl.BRANCH),
      cases: Object.entries(task.cases ?? {}).map(([name, taskIds]) => ({
        name,
        taskIds: [...taskIds],
      })),
      each: task.length !== undefined && !mappedGroups.has(task.group) ? someList : [],
      ...(task.sensor === undefined ? {} : { sensor: task.sensor }),
      callbacks: callbacksOf(task.callbacks),
    })),
    edges: Object.entries(tasks).flatMap(([toTaskId, task]) =>
      (task.after ?? []).map((fromTaskId) => ({
        fromTaskId,
        toTaskId,
        label: task.labels?.[fromTaskId] ?? "",
      })),
    ),
  });
  const behaviours = new Map<string, Behaviour>(Object.entries(tasks));
  return { spec, behaviours, history, isPaused: init.startPaused === true };
}
