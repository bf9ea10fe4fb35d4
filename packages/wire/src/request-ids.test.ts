import { readdirSync } from "node:fs";
import { ScalarType, type DescMethod, type DescService } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Level } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";

const generated = new URL("gen/millrace/", import.meta.url);

/** Every service of every proto, so that none has to be added here. */
async function allServices(): Promise<DescService[]> {
  const files = readdirSync(generated, { recursive: true, encoding: "utf8" });
  const modules = await Promise.all(
    files
      .filter((file) => file.endsWith("_pb.ts"))
      .map((file) => import(new URL(file, generated).href) as Promise<Record<string, unknown>>),
  );
  return modules.flatMap((module) => Object.values(module).filter(isService));
}

function isService(value: unknown): value is DescService {
  return (value as { kind?: unknown } | null)?.kind === "service";
}

const methods = (await allServices()).flatMap((service) => service.methods);
const nameOf = (method: DescMethod): string => `${method.parent.typeName}/${method.name}`;
const isReading = (method: DescMethod): boolean => method.idempotency === Level.NO_SIDE_EFFECTS;

/**
 * What they carry is safe to send again: results by their attempt, credit by the stream it is for, a stored value by its
 * digest.
 */
const streams = new Map([
  ["millrace.worker.v1.WorkerService/Work", "bidi_streaming"],
  ["millrace.worker.v1.WorkerService/UploadBlob", "client_streaming"],
]);

test("the methods of all services are looked at", () => {
  const services = new Set(methods.map((method) => method.parent.typeName));
  expect([...services].toSorted()).toEqual([
    "millrace.v1.AssetService",
    "millrace.v1.BackfillService",
    "millrace.v1.DagRunService",
    "millrace.v1.DagService",
    "millrace.v1.DependencyService",
    "millrace.v1.PoolService",
    "millrace.v1.SystemService",
    "millrace.v1.TaskInstanceService",
    "millrace.worker.v1.WorkerService",
  ]);
});

describe("every method that changes something takes a request_id", () => {
  const changing = methods.filter((method) => !isReading(method));
  test.each(changing.map((method) => [nameOf(method), method] as const))("%s", (name, method) => {
    expect(method.methodKind).toBe(streams.get(name) ?? "unary");
    if (streams.has(name)) return;
    const field = method.input.fields.find((each) => each.name === "request_id");
    expect(field).toMatchObject({ fieldKind: "scalar", scalar: ScalarType.STRING });
  });
});

test.each(methods.filter(isReading).map((method) => [nameOf(method), method] as const))(
  "%s changes nothing, and so takes none",
  (_, method) => {
    expect(method.input.fields.map((field) => field.name)).not.toContain("request_id");
  },
);
