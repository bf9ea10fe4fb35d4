import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { MillraceError } from "@millrace/engine";
import {
  ErrorInfoSchema,
  GetVersionResponseSchema,
  StatusSchema,
  SystemService,
  type GetVersionResponse,
} from "@millrace/wire/v1";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createCalls, type Gate } from "./calls.ts";
import { startGrpcServer, type RunningServer } from "./grpc-server.ts";
import { createLogger } from "./logger.ts";
import { anonymous } from "./principal.ts";
import { rpcService, type Handlers } from "./rpc.ts";

let server: RunningServer;
let client: Client;
let logs: Record<string, unknown>[];
let answer: Handlers<typeof SystemService>["getVersion"];

/** Lets in whoever shows a key; everybody may ask for the version. */
const gate: Gate = {
  authenticate: (incoming) => {
    const key = incoming.header("authorization");
    return Promise.resolve({
      principal: key === "Bearer good" ? { ...anonymous, role: "admin" } : anonymous,
      deriveSecret: () => "",
    });
  },
  authorize(principal, method) {
    if (principal.role === null && !method.endsWith("/GetVersion"))
      throw new MillraceError("UNAUTHENTICATED");
  },
};

beforeEach(async () => {
  logs = [];
  const write = (line: string): void => void logs.push(JSON.parse(line) as Record<string, unknown>);
  const log = createLogger({ name: "test", level: "debug", pretty: false, write });
  answer = () => Promise.resolve({ version: "1" });
  const none = (): Promise<never> => Promise.reject(new Error("not part of this test"));
  server = await startGrpcServer({
    host: "127.0.0.1",
    port: 0,
    calls: createCalls({ gate, log }),
    services: [
      rpcService(SystemService, {
        getVersion: (request, call) => answer(request, call),
        getHealth: none,
        listWorkers: none,
        createLoginToken: none,
        login: none,
        logout: none,
        whoAmI: none,
      }),
    ],
  });
  client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
});

afterEach(async () => {
  client.close();
  await server.stop();
});

const same = (bytes: Buffer): Buffer => bytes;

function send(
  bytes: Buffer,
  metadata = new Metadata(),
  path = "/millrace.v1.SystemService/GetVersion",
): Promise<GetVersionResponse> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, same, same, bytes, metadata, (error, value) =>
      error === null ? resolve(fromBinary(GetVersionResponseSchema, value!)) : reject(error),
    );
  });
}

async function refusal(
  call: Promise<unknown>,
): Promise<{ error: ServiceError; reason: string | undefined }> {
  const error = (await call.then(
    () => null,
    (caught: unknown) => caught,
  )) as ServiceError;
  const [details] = error.metadata.get("grpc-status-details-bin");
  const status = fromBinary(StatusSchema, details as Buffer);
  return { error, reason: anyUnpack(status.details[0]!, ErrorInfoSchema)?.reason };
}

function metadata(entries: [string, string][]): Metadata {
  const all = new Metadata();
  for (const [name, value] of entries) all.add(name, value);
  return all;
}

describe("calls", () => {
  test("an error of ours arrives with its code, its reason and its request id", async () => {
    answer = () => Promise.reject(new MillraceError("DAG_NOT_FOUND", "No such DAG."));
    const { error, reason } = await refusal(
      send(Buffer.alloc(0), metadata([["x-request-id", "mine"]])),
    );
    expect(error).toMatchObject({ code: 5, details: "No such DAG." });
    expect(reason).toBe("DAG_NOT_FOUND");
    expect(error.metadata.get("x-request-id")).toEqual(["mine"]);
  });

  test("any other error arrives as INTERNAL, without a word of it, and is logged once", async () => {
    answer = () => Promise.reject(new Error("hunter2"));
    const { error, reason } = await refusal(send(Buffer.alloc(0)));
    expect(reason).toBe("INTERNAL");
    expect(error.details).not.toContain("hunter2");
    const faults = logs.filter(({ event }) => event === "call.failed");
    expect(faults).toMatchObject([
      { method: "millrace.v1.SystemService/GetVersion", err: { message: "hunter2" } },
    ]);
    expect(error.details).toContain(faults[0]!["request_id"]);
  });

  test.each([
    ["bytes that are no message", Buffer.from([0x07])],
    ["a length beyond the end", Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f])],
    ["a varint of eleven bytes", Buffer.alloc(11, 0xff)],
    ["text that is no UTF-8", Buffer.from([0x0a, 0x02, 0xc3, 0x28])],
  ])("%s are the caller's fault or harmless", async (_, bytes) => {
    const outcome = await send(bytes).then(
      () => "answered",
      (error: ServiceError) => error.code,
    );
    expect(["answered", 3]).toContain(outcome);
    expect(logs.filter(({ event }) => event === "call.failed")).toEqual([]);
  });

  test("a request over the limit is refused, one at the limit is not", async () => {
    const limit = 4 * 1024 * 1024;
    // An unknown field: its tag and four bytes of length come before the text.
    const padded = (bytes: number): Buffer => {
      const length = bytes - 5;
      const head = Buffer.from([
        0x7a,
        (length & 0x7f) | 0x80,
        ((length >> 7) & 0x7f) | 0x80,
        ((length >> 14) & 0x7f) | 0x80,
        length >> 21,
      ]);
      return Buffer.concat([head, Buffer.alloc(length, "x")]);
    };
    expect(await send(padded(limit))).toMatchObject({ version: "1" });
    expect((await refusal(send(padded(limit + 1)))).error.code).toBe(8);
  });

  test("the handler learns that its caller has gone", async () => {
    const gone = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    answer = async (_, { signal }) => {
      signal.addEventListener("abort", () => gone.resolve());
      arrived.resolve();
      await gone.promise;
      return {};
    };
    const call = client.makeUnaryRequest(
      "/millrace.v1.SystemService/GetVersion",
      same,
      same,
      Buffer.alloc(0),
      () => undefined,
    );
    await arrived.promise;
    call.cancel();
    await gone.promise;
  });

  test("what is not served is UNIMPLEMENTED", async () => {
    for (const path of [
      "/millrace.v1.SystemService/getversion",
      "/millrace.v1.SystemService/GetVersion/",
      "/x.Y/Z",
    ]) {
      await expect(send(Buffer.alloc(0), new Metadata(), path)).rejects.toMatchObject({ code: 12 });
    }
  });
});

describe("beside the services", () => {
  test("health answers without a credential", async () => {
    const bytes = await new Promise<Buffer>((resolve, reject) =>
      client.makeUnaryRequest(
        "/grpc.health.v1.Health/Check",
        same,
        same,
        Buffer.alloc(0),
        (error, value) => (error === null ? resolve(value!) : reject(error)),
      ),
    );
    // HealthCheckResponse { status: SERVING }
    expect([...bytes]).toEqual([0x08, 0x01]);
  });

  test.each(["v1", "v1alpha"])(
    "reflection %s lists the services to whoever is known",
    async (version) => {
      const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
      const ask = (key: string): Promise<string> =>
        new Promise((resolve, reject) => {
          const stream = client.makeBidiStreamRequest(
            path,
            same,
            same,
            metadata([["authorization", key]]),
          );
          stream.on("data", (bytes: Buffer) => {
            resolve(bytes.toString("latin1"));
            stream.cancel();
          });
          stream.on("error", reject);
          // ServerReflectionRequest { list_services: "" }
          stream.write(Buffer.from([0x3a, 0x00]));
        });
      expect(await ask("Bearer good")).toContain("millrace.v1.SystemService");
      await expect(ask("Bearer bad")).rejects.toMatchObject({ code: 16 });
    },
  );
});
