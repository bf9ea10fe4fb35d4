/** The gRPC server: workers and programs. */

import { Server, ServerCredentials } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import { assertBindIsSafe, type BindOptions } from "./bind.ts";
import type { Calls } from "./calls.ts";
import { grpcService } from "./grpc-adapter.ts";
import { addReflection } from "./grpc-reflection.ts";
import { serviceLimits } from "./limits.ts";
import type { RpcService } from "./rpc.ts";

export type GrpcServerOptions = BindOptions & {
  /** 0 picks a free one. */
  readonly port: number;
  readonly services: readonly RpcService[];
  readonly calls: Calls;
};

export type RunningServer = {
  readonly port: number;
  /** Takes no new calls, lets those in flight end for `drainMs`, then cuts them off. */
  stop(): Promise<void>;
};

export async function startGrpcServer(options: GrpcServerOptions): Promise<RunningServer> {
  assertBindIsSafe(options);
  const server = new Server({
    "grpc.max_receive_message_length": serviceLimits.bigMessageBytesMax,
    "grpc.max_send_message_length": serviceLimits.bigMessageBytesMax,
    "grpc.max_concurrent_streams": serviceLimits.streamsPerConnectionMax,
    "grpc.max_metadata_size": serviceLimits.headerBytesMax,
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 10_000,
  });
  for (const service of options.services) server.addService(...grpcService(service, options.calls));
  const health = new HealthImplementation({ "": "SERVING" });
  for (const service of options.services) health.setStatus(service.desc.typeName, "SERVING");
  health.addToServer(server);
  addReflection(server, options.services, options.calls);

  const port = await bind(server, options);
  return {
    port,
    async stop() {
      health.setStatus("", "NOT_SERVING");
      await shutDown(server);
    },
  };
}

function bind(server: Server, { host, port, tls }: GrpcServerOptions): Promise<number> {
  const credentials =
    tls === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(null, [
          { cert_chain: Buffer.from(tls.cert), private_key: Buffer.from(tls.key) },
        ]);
  const address = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
}

function shutDown(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), serviceLimits.drainMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
