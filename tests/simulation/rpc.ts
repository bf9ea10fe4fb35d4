/**
 * Calls of workers to api nodes, over the simulated network: the product's client code on one side, its handlers on the
 * other, messages as bytes between them. A connection keeps its order and breaks; a call may be lost before or after it
 * was carried out.
 */

import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type MessageShape,
} from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Metadata, status } from "@grpc/grpc-js";
import { asUnavailable } from "@millrace/db";
import { isMillraceError, MillraceError } from "@millrace/engine";
import type { Call, Logger, RpcService } from "@millrace/service";
import { ErrorInfoSchema, StatusSchema } from "@millrace/wire/v1";
import type { VirtualProcess } from "./machine.ts";

/** An api node that calls can go to. */
export type RpcServer = {
  readonly process: VirtualProcess;
  readonly service: RpcService;
  readonly log: Logger;
};

/** The handler's view of a call. */
export function aCall(
  server: RpcServer,
  method: string,
  caller: string,
  signal: AbortSignal,
): Call {
  return {
    method,
    requestId: "simulated",
    principal: {
      kind: "worker_key",
      name: "simulated",
      role: "worker",
      credentialId: 1,
      queues: null,
    },
    signal,
    log: server.log,
    setCookie: () => undefined,
    deriveSecret: (purpose) => `secret of ${caller} for ${purpose}`,
  };
}

/** An error as the transport carries it: the reason and the message. */
export type Carried = { readonly reason: string; readonly message: string };

export function carried(error: unknown): Carried {
  const shown = asUnavailable(error);
  if (isMillraceError(shown)) return { reason: shown.reason, message: shown.message };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { reason: "INTERNAL", message };
}

export const unavailable: Carried = { reason: "UNAVAILABLE", message: "The connection broke." };

export function errorOf({ reason, message }: Carried): MillraceError {
  return new MillraceError(reason as MillraceError["reason"], message);
}

/** The error event of a stream of grpc-js. */
export function streamErrorOf({ reason, message }: Carried): Error {
  const metadata = new Metadata();
  const info = anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason }));
  const details = toBinary(StatusSchema, create(StatusSchema, { details: [info] }));
  metadata.set("grpc-status-details-bin", Buffer.from(details));
  return Object.assign(new Error(message), {
    code: status.UNAVAILABLE,
    details: message,
    metadata,
  });
}

/** A message as the other side reads it. */
export function sent<D extends DescMessage>(schema: D, message: MessageShape<D>): MessageShape<D> {
  return fromBinary(schema, toBinary(schema, message));
}
