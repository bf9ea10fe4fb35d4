/** Server reflection for grpcurl and friends, from the very descriptors the server runs on. */

import { toBinary, type DescFile } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import {
  Metadata,
  type handleBidiStreamingCall,
  type Server,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { requestIdOf, type Calls } from "./calls.ts";
import { grpcStatus } from "./grpc-adapter.ts";
import type { RpcService } from "./rpc.ts";

export const reflectionMethod = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

type PackageDefinition = ConstructorParameters<typeof ReflectionService>[0];
type AnyStream = handleBidiStreamingCall<unknown, unknown>;

/** Adds reflection, behind the same gate as everything else. */
export function addReflection(server: Server, services: readonly RpcService[], calls: Calls): void {
  const reflection = new ReflectionService(packageOf(services), {
    services: services.map((service) => service.desc.typeName),
  });
  // The library mounts its handlers by itself; this stand-in puts the gate before them.
  const guard: Pick<Server, "addService"> = {
    addService(definition, implementation) {
      const guarded: UntypedServiceImplementation = {};
      for (const [name, handle] of Object.entries(implementation)) {
        guarded[name] = guardStream(handle as AnyStream, calls);
      }
      server.addService(definition, guarded);
    },
  };
  reflection.addToServer(guard);
}

function guardStream(handle: AnyStream, calls: Calls): AnyStream {
  return (stream) => {
    const gone = new AbortController();
    stream.on("cancelled", () => gone.abort());
    const header = (name: string): string | undefined => stream.metadata.get(name)[0]?.toString();
    const incoming = {
      method: reflectionMethod,
      requestId: requestIdOf(header),
      header,
      signal: gone.signal,
      isHttp: false,
      isGet: false,
      setCookie: () => undefined,
    };
    void calls
      .open(incoming)
      .then((call) => calls.authorize(call, null))
      .then(() => handle(stream))
      .catch((error: unknown) => {
        const shown = calls.fail(error, incoming);
        stream.emit("error", {
          code: grpcStatus[shown.code],
          details: shown.message,
          metadata: new Metadata(),
        });
      });
  };
}

/** The descriptors in the form that the library reads: every file the services need, dependencies included. */
function packageOf(services: readonly RpcService[]): PackageDefinition {
  const files = new Map<string, DescFile>();
  const visit = (file: DescFile): void => {
    if (files.has(file.name)) return;
    files.set(file.name, file);
    file.dependencies.forEach(visit);
  };
  services.forEach((service) => visit(service.desc.file));
  const fileDescriptorProtos = [...files.values()].map((file) =>
    Buffer.from(toBinary(FileDescriptorProtoSchema, file.proto)),
  );
  return { files: { format: "Protocol Buffer 3 DescriptorProto", type: {}, fileDescriptorProtos } };
}
