/** Mounts the same handlers on HTTP: Connect, gRPC-Web and plain JSON. */

import type { Message } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  type HandlerContext,
  type MethodImpl,
} from "@connectrpc/connect";
import { isMillraceError } from "@millrace/engine";
import { ErrorInfoSchema } from "@millrace/wire/v1";
import {
  assertNotStopping,
  requestIdOf,
  streamCall,
  type Calls,
  type IncomingCall,
} from "./calls.ts";
import type { CodeName } from "./error-to-status.ts";
import { messageBytesMaxOf, serviceLimits } from "./limits.ts";
import type { Call, RpcMethod, RpcService } from "./rpc.ts";

const connectCode: Record<CodeName, Code> = {
  cancelled: Code.Canceled,
  invalid_argument: Code.InvalidArgument,
  deadline_exceeded: Code.DeadlineExceeded,
  not_found: Code.NotFound,
  already_exists: Code.AlreadyExists,
  permission_denied: Code.PermissionDenied,
  resource_exhausted: Code.ResourceExhausted,
  failed_precondition: Code.FailedPrecondition,
  aborted: Code.Aborted,
  unimplemented: Code.Unimplemented,
  internal: Code.Internal,
  unavailable: Code.Unavailable,
  unauthenticated: Code.Unauthenticated,
};

export function connectRoutes(
  services: readonly RpcService[],
  calls: Calls,
): (router: ConnectRouter) => void {
  return (router) => {
    for (const service of services) {
      for (const method of service.methods) {
        router.rpc(method.desc, mount(method, calls) as MethodImpl<typeof method.desc>, {
          readMaxBytes: messageBytesMaxOf(method.name),
          writeMaxBytes: serviceLimits.bigMessageBytesMax,
        });
      }
    }
  };
}

type Untyped = (request: Message | AsyncIterable<Message>, context: HandlerContext) => unknown;

function mount(method: RpcMethod, calls: Calls): Untyped {
  const isStream =
    method.desc.methodKind === "server_streaming" || method.desc.methodKind === "bidi_streaming";
  return isStream
    ? (request, context) => answerMany(method, calls, request, context)
    : (request, context) => answerOnce(method, calls, request, context);
}

async function answerOnce(
  method: RpcMethod,
  calls: Calls,
  request: Message | AsyncIterable<Message>,
  context: HandlerContext,
): Promise<Message> {
  const entry = enter(method, context);
  try {
    const call = await admit(calls, entry, request);
    return await (method.handle(request, call) as Promise<Message>);
  } catch (error) {
    throw connectError(calls, error, entry);
  }
}

async function* answerMany(
  method: RpcMethod,
  calls: Calls,
  request: Message | AsyncIterable<Message>,
  context: HandlerContext,
): AsyncGenerator<Message, void, undefined> {
  const entry = enter(method, context);
  try {
    const call = await admit(calls, entry, request);
    yield* method.handle(request, streamCall(calls, call)) as AsyncIterable<Message>;
    if (!entry.signal.aborted) assertNotStopping(calls);
  } catch (error) {
    throw connectError(calls, error, entry);
  }
}

function enter({ name }: RpcMethod, context: HandlerContext): IncomingCall {
  const header = (key: string): string | undefined => context.requestHeader.get(key) ?? undefined;
  const requestId = requestIdOf(header);
  context.responseHeader.set("x-request-id", requestId);
  context.responseHeader.set("cache-control", "no-store");
  return {
    method: name,
    header,
    signal: context.signal,
    isHttp: true,
    isGet: context.requestMethod === "GET",
    setCookie: (cookie) => context.responseHeader.append("set-cookie", cookie),
    requestId,
  };
}

async function admit(
  calls: Calls,
  entry: IncomingCall,
  request: Message | AsyncIterable<Message>,
): Promise<Call> {
  const call = await calls.open(entry);
  calls.authorize(call, Symbol.asyncIterator in request ? null : request);
  return call;
}

/** Errors of the protocol itself, such as a message over its limit, are Connect's own and pass unchanged. */
function connectError(calls: Calls, error: unknown, entry: IncomingCall): ConnectError {
  if (error instanceof ConnectError && !isMillraceError(error)) return error;
  const shown = calls.fail(error, entry);
  return new ConnectError(
    shown.message,
    connectCode[shown.code],
    { "x-request-id": entry.requestId },
    [{ desc: ErrorInfoSchema, value: shown.info }],
  );
}
