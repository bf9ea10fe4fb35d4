import type { MessageInitShape } from "@bufbuild/protobuf";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { DagSpec, Reason } from "@millrace/engine";
import { aDagSpec } from "@millrace/engine/testing";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dagSpecFromProto, dagSpecToProto } from "./dag-spec.ts";
import { failureFromProto, failureToProto } from "./failure.ts";
import type { CallbackEvent } from "./gen/millrace/v1/callback_pb.ts";
import type {
  Isolation,
  SensorMode,
  TaskControl,
  TaskRole,
  TaskSpecSchema,
  TriggerRule,
} from "./gen/millrace/v1/dag_pb.ts";
import { DagSpecSchema, TaskKind } from "./gen/millrace/v1/dag_pb.ts";
import { ReasonKind } from "./gen/millrace/v1/task_instance_pb.ts";
import type { FailureKind } from "./gen/millrace/v1/value_pb.ts";
import { FailureSchema } from "./gen/millrace/v1/value_pb.ts";
import { WorkerService } from "./gen/millrace/worker/v1/worker_service_pb.ts";
import { grpcDefinition } from "./grpc.ts";
import { fileDescriptorSet } from "./image.ts";
import { reasonToProto } from "./reason.ts";

describe("DagSpec", () => {
  test("survives the wire in every field", () => {
    const spec: DagSpec = aDagSpec(
      {
        tasks: {
          a: {
            kind: "external",
            queue: "gpu",
            isolation: "process",
            env: { A: "b" },
            resultSchema: "{}",
          },
          b: {
            groupId: "g.h",
            args: '[{"$":"task","id":"a","path":["ü"]}]',
            retries: 3,
            retryBackoff: 2.5,
            executionTimeoutMs: 1500,
            argSchemas: [null, '{"type":"string"}'],
            owner: "ops",
            docs: "# b",
            priorityWeight: -4,
          },
        },
        arrows: ["a > b"],
      },
      {
        groups: [
          { id: "g", parentId: null, tooltip: "outer", each: [] },
          { id: "g.h", parentId: "g", tooltip: "", each: [] },
        ],
        schedule: {
          kind: "cron",
          expressions: ["@daily", "0 6 * * 1"],
          timezone: "Europe/Zurich",
          intervalMs: 3_600_000,
          jitterMs: 60_000,
          runImmediately: 5_000,
        },
        catchup: true,
        tags: ["x"],
        paramsSchema: '{"type":"object"}',
        dagrunTimeoutMs: 7_200_000,
        startDate: Date.UTC(2026, 0, 1, 0, 0, 0, 1),
        endDate: Date.UTC(2027, 0, 1),
        startPaused: true,
        bundleDigest: "ab".repeat(32),
      },
    );
    const bytes = toBinary(DagSpecSchema, dagSpecToProto(spec));
    expect(dagSpecFromProto(fromBinary(DagSpecSchema, bytes))).toEqual(spec);
  });

  test("durations and dates survive to the millisecond", () => {
    const ms = fc.integer({ min: 1, max: 315_576_000_000 });
    fc.assert(
      fc.property(ms, ms, (retryDelayMs, startDate) => {
        const spec = aDagSpec({ tasks: { a: { retryDelayMs } } }, { startDate });
        expect(dagSpecFromProto(dagSpecToProto(spec))).toEqual(spec);
      }),
    );
  });

  test("unset fields mean what the proto's comments say", () => {
    const message = create(DagSpecSchema, {
      dagId: "d",
      owner: "data",
      schedule: { kind: { case: "cron", value: { expressions: ["@daily"] } } },
      tasks: [{ taskId: "t", kind: TaskKind.EXTERNAL, handler: "h" }],
    });
    const spec = dagSpecFromProto(message);
    expect(spec).toMatchObject({
      maxActiveRuns: 16,
      maxActiveTasks: 16,
      paramsSchema: null,
      bundleDigest: null,
      dagrunTimeoutMs: null,
      schedule: { timezone: "UTC" },
    });
    expect(spec.tasks[0]).toMatchObject({
      groupId: null,
      args: "[]",
      retries: 0,
      retryDelayMs: 300_000,
      retryBackoff: 1,
      maxRetryDelayMs: 86_400_000,
      executionTimeoutMs: null,
      triggerRule: "all_success",
      queue: "default",
      priorityWeight: 1,
      isolation: "thread",
      owner: "data",
      resultSchema: null,
    });
  });

  test.each<[string, MessageInitShape<typeof TaskSpecSchema>, string]>([
    ["a kind", { kind: TaskKind.UNSPECIFIED }, 'tasks["t"].kind is 0'],
    ["a trigger rule", { triggerRule: 99 as TriggerRule }, 'tasks["t"].trigger_rule is 99'],
    ["a role", { role: 9 as TaskRole }, 'tasks["t"].role is 9'],
    ["a control", { control: 9 as TaskControl }, 'tasks["t"].control is 9'],
    ["a sensor's mode", { sensor: { mode: 9 as SensorMode } }, 'tasks["t"].sensor.mode is 9'],
    [
      "a callback's event",
      { callbacks: [{ on: 9 as CallbackEvent, name: "n" }] },
      'tasks["t"].callbacks["n"].on is 9',
    ],
    ["an isolation", { isolation: 9 as Isolation }, 'tasks["t"].isolation is 9'],
    ["arguments in another encoding", { args: new Uint8Array([0xff]) }, 'tasks["t"].args'],
    [
      "a source in another encoding",
      { each: [{ sources: [new Uint8Array([0xff])] }] },
      'tasks["t"].each[0].sources[0] is 1 bytes',
    ],
  ])("%s that is not known is refused by name", (_, task, message) => {
    const spec = create(DagSpecSchema, {
      tasks: [{ taskId: "t", kind: TaskKind.BUNDLE, ...task }],
    });
    expect(() => dagSpecFromProto(spec)).toThrow(
      expect.objectContaining({ reason: "DAG_INVALID", message: expect.stringContaining(message) }),
    );
  });

  test("a schedule of an unknown kind is refused, not taken for none", () => {
    const spec = create(DagSpecSchema, { schedule: {} });
    expect(() => dagSpecFromProto(spec)).toThrow(
      expect.objectContaining({ reason: "DAG_INVALID" }),
    );
  });
});

describe("Failure", () => {
  test("survives the wire", () => {
    const failure = {
      kind: "exited",
      type: "Exit",
      message: "code 3",
      stack: "at x",
      retryable: true,
      retryAfterMs: null,
    } as const;
    expect(failureFromProto(failureToProto(failure))).toEqual(failure);
  });

  test("an unknown kind counts as the body's", () => {
    expect(failureFromProto(create(FailureSchema, { kind: 99 as FailureKind })).kind).toBe(
      "application",
    );
  });

  test("long texts are cut at whole characters and end in …, within their bytes", () => {
    const long = {
      kind: "application",
      type: "",
      stack: "é".repeat(10_000),
      retryable: true,
      retryAfterMs: null,
    } as const;
    const cut = failureToProto({ ...long, message: "😀".repeat(2000) });
    for (const [text, limit] of [
      [cut.message, 4096],
      [cut.stack, 16_384],
    ] as const) {
      expect(new TextEncoder().encode(text).length).toBeLessThanOrEqual(limit);
      expect(text).toMatch(/^(😀+|é+)…$/u);
    }
  });
});

test("a reason keeps its facts", () => {
  const reason: Reason = {
    kind: "retry_wait",
    message: "m",
    evidence: { a: "1" },
    until: 1500,
    taskIds: ["x"],
  };
  expect(reasonToProto(reason)).toMatchObject({
    kind: ReasonKind.RETRY_WAIT,
    message: "m",
    evidence: { a: "1" },
    until: { seconds: 1n, nanos: 500_000_000 },
    taskIds: ["x"],
  });
});

describe("grpc", () => {
  test("every rpc has its path, its kind of streams, and real Buffers", () => {
    const definition = grpcDefinition(WorkerService);
    expect(Object.keys(definition)).toEqual(
      WorkerService.methods.map((method) => method.localName),
    );
    expect(definition["work"]).toMatchObject({
      path: "/millrace.worker.v1.WorkerService/Work",
      requestStream: true,
      responseStream: true,
    });
    expect(definition["downloadBundle"]).toMatchObject({
      requestStream: false,
      responseStream: true,
    });
    const lease = definition["lease"];
    const bytes = lease?.requestSerialize({ requestId: "r", max: 3 });
    expect(Buffer.isBuffer(bytes)).toBe(true);
    expect(lease?.requestDeserialize(bytes ?? Buffer.alloc(0))).toMatchObject({
      requestId: "r",
      max: 3,
    });
  });

  test("the descriptor set holds every service, imports before importers", () => {
    const { file } = fromBinary(FileDescriptorSetSchema, fileDescriptorSet());
    const names = file.map((one) => one.name);
    for (const { name, dependency } of file)
      for (const needed of dependency)
        expect(names.indexOf(needed)).toBeLessThan(names.indexOf(name));
    expect(file.flatMap((one) => one.service.map((service) => service.name)).sort()).toEqual([
      "DagRunService",
      "DagService",
      "SystemService",
      "TaskInstanceService",
      "WorkerService",
    ]);
  });
});
