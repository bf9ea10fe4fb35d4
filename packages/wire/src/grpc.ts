/** Generated services as grpc-js wants them. The only module here that knows gRPC. */

import type { DescMessage, DescMethod, DescService, MessageShape } from "@bufbuild/protobuf";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ServiceDefinition } from "@grpc/grpc-js";

/** A grpc-js definition with a method for each rpc, by its local name such as `triggerDagRun`. Takes message initialisers too. */
export function grpcDefinition(service: DescService): ServiceDefinition {
  return Object.fromEntries(
    service.methods.map((method) => [method.localName, methodDefinition(service, method)]),
  );
}

function methodDefinition(service: DescService, method: DescMethod) {
  const { methodKind, input, output } = method;
  return {
    path: `/${service.typeName}/${method.name}`,
    originalName: method.localName,
    requestStream: methodKind === "client_streaming" || methodKind === "bidi_streaming",
    responseStream: methodKind === "server_streaming" || methodKind === "bidi_streaming",
    requestSerialize: writer(input),
    requestDeserialize: reader(input),
    responseSerialize: writer(output),
    responseDeserialize: reader(output),
  };
}

function writer<Desc extends DescMessage>(schema: Desc) {
  return (message: MessageInitShape<Desc>): Buffer => {
    const bytes = toBinary(schema, create(schema, message));
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
}

function reader<Desc extends DescMessage>(schema: Desc) {
  return (bytes: Buffer): MessageShape<Desc> => fromBinary(schema, bytes);
}
