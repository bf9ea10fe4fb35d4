/** Whatever the engine can say of a DAG comes through the wire unchanged. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type {
  BranchCase,
  CallbackSpec,
  DagSpec,
  DeadlineSpec,
  Edge,
  GroupSpec,
  InputsSpec,
  InputTerm,
  MapAxis,
  Schedule,
  SensorSpec,
} from "@millrace/engine";
import { inputOrders, triggerRules } from "@millrace/engine";
import { aDagSpec, aTask, hourly } from "@millrace/engine/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { dagSpecFromProto, dagSpecToProto } from "./dag-spec.ts";
import { failureFromProto, failureToProto } from "./failure.ts";
import { DagSpecSchema, TaskKind, TaskRole } from "./gen/millrace/v1/dag_pb.ts";
import { FailureSchema } from "./gen/millrace/v1/value_pb.ts";

// Protobuf's strings are UTF-8, so are those of a spec: no lone surrogates.
const text = fc.string({ unit: "grapheme", maxLength: 12 });
const ms = fc.integer({ min: 1, max: 315_576_000_000 });
const nullable = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null });

const axis: fc.Arbitrary<MapAxis> = fc.record({ sources: fc.array(text, { maxLength: 3 }) });
const each = fc.array(axis, { maxLength: 3 });
const branchCase: fc.Arbitrary<BranchCase> = fc.record({
  name: text,
  taskIds: fc.array(text, { maxLength: 3 }),
});
const sensor: fc.Arbitrary<SensorSpec> = fc.record({
  mode: fc.constantFrom("poke", "reschedule"),
  intervalMs: ms,
  timeoutMs: ms,
  softFail: fc.boolean(),
  backoff: fc.boolean(),
  maxIntervalMs: nullable(ms),
});
const callback: fc.Arbitrary<CallbackSpec> = fc.record({
  on: fc.constantFrom(
    ...(["success", "failure", "retry", "skipped", "deadline_missed", "deadline_at_risk"] as const),
  ),
  handler: text,
  isExternal: fc.boolean(),
  config: fc.oneof(fc.constant(""), fc.json()),
  name: text,
});
const callbacks = fc.array(callback, { maxLength: 3 });
const deadline: fc.Arbitrary<DeadlineSpec> = fc.record({
  name: text,
  reference: fc.oneof(
    fc.constantFrom({ kind: "logical_date" as const }, { kind: "queued_at" as const }),
    fc.record({ kind: fc.constant("fixed" as const), at: fc.integer({ min: 0, max: 4e12 }) }),
    fc.record({
      kind: fc.constant("average_runtime" as const),
      maxRuns: fc.integer({ min: 1, max: 1_000 }),
      minRuns: fc.integer({ min: 1, max: 1_000 }),
    }),
  ),
  intervalMs: fc.integer({ min: -1e12, max: 1e12 }),
});
const deadlines = fc.array(deadline, { maxLength: 3 });
const positive = fc.integer({ min: 1, max: 1_000_000 });
const task = fc
  .record({
    id: text,
    weightRule: fc.constantFrom("downstream" as const, "upstream" as const, "absolute" as const),
    pool: fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }),
    poolSlots: positive,
    maxActiveTis: nullable(positive),
    maxActiveTisPerRun: nullable(positive),
    rateLimit: nullable(fc.record({ key: text, limit: positive, perMs: ms })),
    groupId: nullable(fc.string({ minLength: 1 })),
    // Empty bytes stand for no arguments.
    args: fc.json(),
    triggerRule: fc.constantFrom(...triggerRules),
    role: fc.constantFrom("work" as const, "setup" as const, "teardown" as const),
    failsRun: fc.boolean(),
    control: fc.constantFrom("none" as const, "branch" as const, "short_circuit" as const),
    cases: fc.array(branchCase, { maxLength: 3 }),
    skipsDirectOnly: fc.boolean(),
    dependsOnPast: fc.constant(true),
    waitForDownstream: fc.boolean(),
    ignoreFirstDependsOnPast: fc.boolean(),
    pastDecider: nullable(fc.string({ minLength: 1 })),
    deadlines,
    each,
    mapIndexTemplate: text,
    sensor: nullable(sensor),
    owner: fc.string({ minLength: 1 }),
    callbacks,
  })
  .map((options) => aTask(options.id, options));
const edge: fc.Arbitrary<Edge> = fc.record({ from: text, to: text, label: text });
const group: fc.Arbitrary<GroupSpec> = fc.record({
  id: text,
  parentId: nullable(fc.string({ minLength: 1 })),
  tooltip: text,
  each,
});
const dated = fc
  .record({ uri: text, format: text, from: nullable(fc.integer({ min: 0, max: 4e12 })) })
  .map(({ uri, format, from }) => hourly(`s3://${uri}`, { format, from }));
const enough = {
  name: text,
  min: nullable(fc.integer({ min: 0, max: 10_000 })),
  waitMs: nullable(ms),
};
const step = fc.integer({ min: -1_000_000, max: 1_000_000 });
const inputTerm = fc.letrec<{ term: InputTerm }>((tie) => ({
  term: fc.oneof(
    { depthSize: "small" },
    fc.record({
      kind: fc.constant("instances" as const),
      of: dated,
      from: step,
      to: step,
      ...enough,
    }),
    fc.record({
      kind: fc.constant("latest" as const),
      of: dated,
      count: positive,
      within: positive,
      ...enough,
    }),
    fc.record({
      kind: fc.constantFrom("all_of" as const, "first_of" as const, "combine" as const),
      terms: fc.array(tie("term"), { maxLength: 3 }),
      ...enough,
    }),
  ),
})).term;
const inputs: fc.Arbitrary<InputsSpec> = fc.record({
  term: inputTerm,
  timeoutMs: nullable(ms),
  order: fc.constantFrom(...inputOrders),
});
const zoned = { timezone: fc.constantFrom("UTC", "Europe/Zurich") };
const schedule: fc.Arbitrary<Schedule> = fc.oneof(
  fc.record({
    kind: fc.constant("cron" as const),
    expressions: fc.array(text, { maxLength: 3 }),
    intervalMs: fc.oneof(fc.constant(0), ms),
    jitterMs: fc.oneof(fc.constant(0), ms),
    runImmediately: fc.oneof(fc.constant(null), fc.constant(true as const), fc.nat()),
    ...zoned,
  }),
  fc.record({ kind: fc.constant("cron_interval" as const), expression: text, ...zoned }),
  fc.record({ kind: fc.constantFrom("delta", "delta_interval"), everyMs: ms }),
  fc.record({ kind: fc.constantFrom("once", "continuous") }),
  fc.record({ kind: fc.constant("custom" as const), name: text, handler: text }),
  fc.record({
    kind: fc.constant("events" as const),
    at: fc.array(fc.integer({ min: -(2 ** 40), max: 2 ** 42 }), { maxLength: 5 }),
  }),
);
const spec: fc.Arbitrary<DagSpec> = fc
  .record({
    schedule: nullable(schedule),
    catchup: fc.boolean(),
    overlap: fc.constantFrom("allow" as const, "forbid" as const, "replace" as const),
    startingDeadlineMs: nullable(ms),
    maxConsecutiveFailedRuns: fc.nat(1000),
    maxActiveTasksPerDag: nullable(positive),
    concurrencyKey: nullable(
      fc.record({
        expression: fc.json(),
        whenBusy: fc.constantFrom(
          "queue" as const,
          "cancel_newest" as const,
          "cancel_oldest" as const,
        ),
      }),
    ),
    keptSuccessfulRuns: nullable(fc.nat(100_000)),
    keptFailedRuns: nullable(fc.nat(100_000)),
    tasks: fc.array(task, { maxLength: 4 }),
    edges: fc.array(edge, { maxLength: 4 }),
    groups: fc.array(group, { maxLength: 3 }),
    failFast: fc.boolean(),
    resultTaskId: nullable(fc.string({ minLength: 1 })),
    callbacks,
    callbackQueue: fc.string({ minLength: 1 }),
    deadlines,
    inputs: nullable(inputs),
  })
  .map((options) => aDagSpec({ tasks: {} }, options));

test("any spec survives the wire, sound or not", () => {
  fc.assert(
    fc.property(spec, (one) => {
      const bytes = toBinary(DagSpecSchema, dagSpecToProto(one));
      expect(dagSpecFromProto(fromBinary(DagSpecSchema, bytes))).toEqual(one);
    }),
  );
});

test("a failure's own wait survives the wire, none and zero apart", () => {
  fc.assert(
    fc.property(nullable(fc.integer({ min: 0, max: 315_576_000_000 })), (retryAfterMs) => {
      const failure = {
        kind: "application",
        type: "Error",
        message: "boom",
        stack: "",
        retryable: true,
        retryAfterMs,
      } as const;
      const bytes = toBinary(FailureSchema, failureToProto(failure));
      expect(failureFromProto(fromBinary(FailureSchema, bytes))).toEqual(failure);
    }),
  );
});

test("what callers leave out means what the proto's comments say", () => {
  const message = create(DagSpecSchema, {
    tasks: [
      { taskId: "work", kind: TaskKind.BUNDLE },
      { taskId: "free", kind: TaskKind.BUNDLE, role: TaskRole.TEARDOWN },
      { taskId: "look", kind: TaskKind.BUNDLE, sensor: {} },
    ],
    edges: [{ fromTaskId: "work", toTaskId: "free" }],
    groups: [{ groupId: "g" }],
  });
  const read = dagSpecFromProto(message);
  expect(read).toMatchObject({
    failFast: false,
    resultTaskId: null,
    callbacks: [],
    callbackQueue: "default",
    edges: [{ label: "" }],
    groups: [{ each: [] }],
  });
  const [work, free, look] = read.tasks;
  expect(read).toMatchObject({ maxActiveTasksPerDag: null, concurrencyKey: null });
  expect(work).toMatchObject({
    weightRule: "downstream",
    pool: "default_pool",
    poolSlots: 1,
    maxActiveTis: null,
    maxActiveTisPerRun: null,
    rateLimit: null,
    role: "work",
    failsRun: false,
    triggerRule: "all_success",
    control: "none",
    cases: [],
    skipsDirectOnly: false,
    each: [],
    mapIndexTemplate: "",
    sensor: null,
    callbacks: [],
  });
  expect(free).toMatchObject({ role: "teardown", triggerRule: "all_done_setup_success" });
  expect(look?.sensor).toEqual({
    mode: "poke",
    intervalMs: 60_000,
    timeoutMs: 604_800_000,
    softFail: false,
    backoff: false,
    maxIntervalMs: null,
  });
});
