/** What scripted services are made of: handlers that return or throw, and errors as servers of ours send them. */

import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Metadata, status, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import { isMillraceError, MillraceError, reasons, type ReasonName } from "@millrace/engine";
import { ErrorInfoSchema, StatusSchema } from "@millrace/wire/v1";

export function unary<I>(answer: (request: I) => object) {
  return (call: ServerUnaryCall<I, object>, callback: sendUnaryData<object>): void => {
    try {
      callback(null, answer(call.request));
    } catch (error) {
      callback(isMillraceError(error) ? statusOf(error.reason) : (error as Error));
    }
  };
}

/** Thrown by a handler to answer with a reason. */
export function refusal(reason: ReasonName): MillraceError {
  return new MillraceError(reason);
}

/** An error as it goes over the wire: with the reason in its details. */
export function statusOf(reason: ReasonName): Error {
  const { text, code: name } = reasons[reason];
  const code = status[name.toUpperCase() as keyof typeof status];
  const details = anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason, domain: "millrace" }));
  const metadata = new Metadata();
  const packed = create(StatusSchema, { code, message: text, details: [details] });
  metadata.set("grpc-status-details-bin", Buffer.from(toBinary(StatusSchema, packed)));
  return Object.assign(new Error(text), { code, details: text, metadata });
}
