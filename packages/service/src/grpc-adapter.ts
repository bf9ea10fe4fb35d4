/** Mounts handlers on grpc-js. Messages pass grpc-js as bytes: they are decoded here, where a bad one has a good error. */

import type { EventEmitter } from "node:events";
import { create, fromBinary, toBinary, type DescMethod, type Message } from "@bufbuild/protobuf";
import {
  Metadata,
  status as Status,
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type MethodDefinition,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type sendUnaryData,
  type StatusObject,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { MillraceError } from "@millrace/engine";
import {
  assertNotStopping,
  requestIdOf,
  streamCall,
  undecodable,
  type Calls,
  type IncomingCall,
} from "./calls.ts";
import { statusDetails, type CodeName } from "./error-to-status.ts";
import { readRequests } from "./grpc-requests.ts";
import { messageBytesMaxOf } from "./limits.ts";
import type { Call, RpcMethod, RpcService } from "./rpc.ts";

export const grpcStatus = {
  cancelled: Status.CANCELLED,
  invalid_argument: Status.INVALID_ARGUMENT,
  deadline_exceeded: Status.DEADLINE_EXCEEDED,
  not_found: Status.NOT_FOUND,
  already_exists: Status.ALREADY_EXISTS,
  permission_denied: Status.PERMISSION_DENIED,
  resource_exhausted: Status.RESOURCE_EXHAUSTED,
  failed_precondition: Status.FAILED_PRECONDITION,
  aborted: Status.ABORTED,
  unimplemented: Status.UNIMPLEMENTED,
  internal: Status.INTERNAL,
  unavailable: Status.UNAVAILABLE,
  unauthenticated: Status.UNAUTHENTICATED,
} as const satisfies Record<CodeName, Status>;

/** What the four kinds of grpc-js calls have in common. */
type GrpcCall =
  | ServerUnaryCall<Buffer, Buffer>
  | ServerWritableStream<Buffer, Buffer>
  | ServerReadableStream<Buffer, Buffer>
  | ServerDuplexStream<Buffer, Buffer>;

type Writable = ServerWritableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>;

export function grpcService(
  service: RpcService,
  calls: Calls,
): [ServiceDefinition, UntypedServiceImplementation] {
  const definition: Record<string, MethodDefinition<Buffer, Buffer>> = {};
  const implementation: UntypedServiceImplementation = {};
  for (const method of service.methods) {
    definition[method.desc.localName] = bytesDefinition(method);
    implementation[method.desc.localName] = mount(method, calls);
  }
  return [definition, implementation];
}

function bytesDefinition({ desc, name }: RpcMethod): MethodDefinition<Buffer, Buffer> {
  const same = (bytes: Buffer): Buffer => bytes;
  return {
    path: `/${name}`,
    requestStream: desc.methodKind === "client_streaming" || desc.methodKind === "bidi_streaming",
    responseStream: desc.methodKind === "server_streaming" || desc.methodKind === "bidi_streaming",
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
}

function mount(method: RpcMethod, calls: Calls): UntypedServiceImplementation[string] {
  const unary: handleUnaryCall<Buffer, Buffer> = (grpc, callback) => {
    void answerOnce(method, calls, grpc, () => decode(method, grpc.request), callback);
  };
  const clientStreaming: handleClientStreamingCall<Buffer, Buffer> = (grpc, callback) => {
    const requests = readRequests(grpc);
    const answered = answerOnce(method, calls, grpc, () => decodeAll(method, requests), callback);
    void answered.finally(() => requests.discard());
  };
  const serverStreaming: handleServerStreamingCall<Buffer, Buffer> = (grpc) => {
    void answerMany(method, calls, grpc, () => decode(method, grpc.request));
  };
  const bidiStreaming: handleBidiStreamingCall<Buffer, Buffer> = (grpc) => {
    const requests = readRequests(grpc);
    const answered = answerMany(method, calls, grpc, () => decodeAll(method, requests));
    void answered.finally(() => requests.discard());
  };
  const kinds = {
    unary,
    client_streaming: clientStreaming,
    server_streaming: serverStreaming,
    bidi_streaming: bidiStreaming,
  };
  return kinds[method.desc.methodKind];
}

async function answerOnce(
  method: RpcMethod,
  calls: Calls,
  grpc: GrpcCall,
  read: () => Message | AsyncIterable<Message>,
  callback: sendUnaryData<Buffer>,
): Promise<void> {
  const entry = enter(method, grpc);
  try {
    const { call, request } = await admit(calls, entry, read);
    const answer = await (method.handle(request, call) as Promise<Message>);
    callback(null, encode(method.desc, answer));
  } catch (error) {
    callback(statusOf(calls, error, entry));
  }
}

async function answerMany(
  method: RpcMethod,
  calls: Calls,
  grpc: Writable,
  read: () => Message | AsyncIterable<Message>,
): Promise<void> {
  const entry = enter(method, grpc);
  try {
    const { call, request } = await admit(calls, entry, read);
    for await (const answer of method.handle(
      request,
      streamCall(calls, call),
    ) as AsyncIterable<Message>) {
      if (entry.signal.aborted) return;
      if (!grpc.write(encode(method.desc, answer))) await drained(grpc, entry.signal);
    }
    if (entry.signal.aborted) return;
    assertNotStopping(calls);
    grpc.end();
  } catch (error) {
    const status = statusOf(calls, error, entry);
    if (!entry.signal.aborted) grpc.emit("error", status);
  }
}

/** Of a header that may stand once, HTTP/2 keeps the first. */
function enter({ name }: RpcMethod, grpc: GrpcCall): IncomingCall {
  const gone = new AbortController();
  // All four kinds are emitters; their overloads have nothing else in common.
  (grpc as EventEmitter).on("cancelled", () => gone.abort());
  const header = (key: string): string | undefined => grpc.metadata.get(key)[0]?.toString();
  const requestId = requestIdOf(header);
  const setCookie = (): void => undefined;
  return {
    method: name,
    header,
    signal: gone.signal,
    isHttp: false,
    isGet: false,
    setCookie,
    requestId,
  };
}

async function admit(
  calls: Calls,
  entry: IncomingCall,
  read: () => Message | AsyncIterable<Message>,
): Promise<{ call: Call; request: Message | AsyncIterable<Message> }> {
  const call = await calls.open(entry);
  const request = read();
  calls.authorize(call, request);
  return { call, request };
}

function decode({ desc, name }: RpcMethod, bytes: Buffer): Message {
  const most = messageBytesMaxOf(name);
  if (bytes.length > most) {
    throw new MillraceError(
      "OVERLOADED",
      `The request has ${bytes.length} bytes; ${name} takes at most ${most}.`,
    );
  }
  try {
    return fromBinary(desc.input, bytes);
  } catch (error) {
    throw undecodable(error);
  }
}

async function* decodeAll(
  method: RpcMethod,
  requests: AsyncIterable<Buffer>,
): AsyncGenerator<Message, void, undefined> {
  for await (const bytes of requests) yield decode(method, bytes);
}

function encode(desc: DescMethod, answer: Message): Buffer {
  const bytes = toBinary(desc.output, create(desc.output, answer));
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function drained(grpc: Writable, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      grpc.off("drain", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    grpc.on("drain", done);
    signal.addEventListener("abort", done, { once: true });
  });
}

function statusOf(calls: Calls, error: unknown, entry: IncomingCall): StatusObject {
  const shown = calls.fail(error, entry);
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", statusDetails(shown));
  metadata.set("x-request-id", entry.requestId);
  return { code: grpcStatus[shown.code], details: shown.message, metadata };
}
