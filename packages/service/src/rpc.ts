/** What an rpc handler is: a function of a request and a call, the same on every transport. */

import type {
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodClientStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  Message,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { Logger } from "./logger.ts";
import type { Principal } from "./principal.ts";

/** One call in progress. */
export type Call = {
  /** `package.Service/Method` */
  readonly method: string;
  /** Stands in the answer's `x-request-id` and in every log line about the call. */
  readonly requestId: string;
  readonly principal: Principal;
  /** Aborts when the caller is gone, its deadline has passed, or the server stops. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Sets a cookie on transports that have cookies; elsewhere does nothing. */
  setCookie(cookie: string): void;
  /** A secret that the same caller gets again for the same purpose, so that none needs to be stored. */
  deriveSecret(purpose: string): string;
};

/** The handler of one method. Streams are async iterables; what it throws becomes the call's status. */
export type Handler<M extends DescMethod> =
  M extends DescMethodUnary<infer I, infer O>
    ? (request: MessageShape<I>, call: Call) => Promise<MessageInitShape<O>>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageShape<I>, call: Call) => AsyncIterable<MessageInitShape<O>>
      : M extends DescMethodClientStreaming<infer I, infer O>
        ? (requests: AsyncIterable<MessageShape<I>>, call: Call) => Promise<MessageInitShape<O>>
        : M extends DescMethodBiDiStreaming<infer I, infer O>
          ? (
              requests: AsyncIterable<MessageShape<I>>,
              call: Call,
            ) => AsyncIterable<MessageInitShape<O>>
          : never;

/** The handlers of a service, by the local names of its methods. */
export type Handlers<S extends DescService> = {
  readonly [K in keyof S["method"]]: Handler<S["method"][K]>;
};

/** A handler without its types, as the transports see it. */
export type AnyHandler = (
  request: Message | AsyncIterable<Message>,
  call: Call,
) => Promise<Message> | AsyncIterable<Message>;

export type RpcMethod = {
  readonly desc: DescMethod;
  readonly name: string;
  readonly handle: AnyHandler;
};
export type RpcService = { readonly desc: DescService; readonly methods: readonly RpcMethod[] };

/** Binds handlers to a service; the types see to it that none is missing. */
export function rpcService<S extends DescService>(desc: S, handlers: Handlers<S>): RpcService {
  const byName = handlers as unknown as Record<string, AnyHandler>;
  const methods = desc.methods.map((method) => {
    const handle = byName[method.localName];
    if (handle === undefined) throw new Error(`${methodName(method)} has no handler.`);
    return { desc: method, name: methodName(method), handle };
  });
  return { desc, methods };
}

/** `package.Service/Method` */
export function methodName(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}
