/** Starts the front door: gRPC for workers and programs, HTTP for people, over one set of handlers. */

import { create, toBinary } from "@bufbuild/protobuf";
import type { Bus } from "@millrace/bus";
import {
  asUnavailable,
  deleteExpiredCredentials,
  deleteOldAssetEvents,
  deleteOldRequests,
  endAbandonedSessions,
  type Database,
} from "@millrace/db";
import {
  createCalls,
  createLoop,
  startGrpcServer,
  startHttpServer,
  type BindOptions,
  type Logger,
} from "@millrace/service";
import { NodeBeatSchema } from "@millrace/wire/internal";
import { createGate } from "./auth/gate.ts";
import { createBlobs } from "./blobs/blobs.ts";
import { openBlobStore } from "./blobs/open-blob-store.ts";
import { createCommands } from "./commands.ts";
import type { ApiContext } from "./context.ts";
import { createDagVersions } from "./dag-versions.ts";
import { apiLimits, workerLimits } from "./limits.ts";
import { createOwners } from "./owners.ts";
import { callerServices } from "./rpc/services.ts";
import { isDatabaseUp } from "./rpc/system.ts";
import { createTaskTokens } from "./task-token.ts";
import { version } from "./version.ts";
import { startWorkerPlane } from "./worker/handlers.ts";

export type ApiOptions = BindOptions & {
  readonly db: Database;
  readonly bus: Bus;
  readonly log: Logger;
  readonly nodeId: string;
  /** 0 picks a free one. */
  readonly grpcPort: number;
  /** 0 picks a free one. */
  readonly httpPort: number;
  /** Where values above 256 KiB are kept, such as `file:///var/lib/millrace/blobs`. Null or unset: they are refused. */
  readonly blobStore?: string | null | undefined;
  /** For how many days events of assets are kept; 0, the default, for ever. */
  readonly assetEventDays?: number | undefined;
  /** Where the console listens; null while it does not. */
  readonly consoleUrl?: (() => string | null) | undefined;
};

export type RunningApi = {
  readonly grpcPort: number;
  readonly httpPort: number;
  /** Takes no new calls, ends streams, lets calls in flight end. */
  stop(): Promise<void>;
};

/** @throws MillraceError FIELD_INVALID when the address is not safe to listen on; errors of the system when a port is taken. */
export async function startApi(options: ApiOptions): Promise<RunningApi> {
  const { db, bus, log, nodeId } = options;
  const gate = createGate(db);
  const owners = createOwners({ db, bus });
  const context: ApiContext = {
    db,
    bus,
    log,
    nodeId,
    owners,
    commands: createCommands({ bus, owners }),
    versions: createDagVersions(db),
    tokens: createTaskTokens(db),
    blobs: createBlobs({ db, log, store: openBlobStore(options.blobStore ?? null) }),
    isSecure: options.tls !== undefined,
    forgetCredential: gate.forget,
  };
  const workers = startWorkerPlane(context);
  const services = [...callerServices(context), workers.service];
  const calls = createCalls({ gate, log, translate: asUnavailable });
  const cleaning = createLoop({
    name: "cleaning",
    intervalMs: apiLimits.cleanEveryMs,
    log,
    async runOnce() {
      await deleteExpiredCredentials(db);
      await deleteOldRequests(db, apiLimits.requestsDeletedPerTurn);
      await endAbandonedSessions(
        db,
        workerLimits.abandonedAfterMs,
        apiLimits.requestsDeletedPerTurn,
      );
      await context.blobs.sweep();
      const { assetEventDays = 0 } = options;
      if (assetEventDays > 0) await deleteOldAssetEvents(db, assetEventDays);
    },
  });

  const beat = (isLeaving = false): void => {
    const message = create(NodeBeatSchema, { nodeId, hasApi: true, isLeaving });
    bus.publish("nodes", toBinary(NodeBeatSchema, message));
  };
  const beats = createLoop({
    name: "api beat",
    intervalMs: apiLimits.nodeBeatMs,
    log,
    runOnce: () => Promise.resolve(beat()),
  });

  const stopParts = async (): Promise<void> => {
    await workers.stop();
    await cleaning.stop();
    await beats.stop();
    owners.stop();
  };
  try {
    const grpc = await startGrpcServer({ ...options, port: options.grpcPort, services, calls });
    const http = await startHttpServer({
      ...options,
      port: options.httpPort,
      services,
      calls,
      version: { version, worker_protocol: workerLimits.protocol },
      isReady: () => isDatabaseUp(context),
    }).catch(async (error: unknown) => {
      await grpc.stop();
      throw error;
    });
    cleaning.start();
    beats.start();
    beat();
    log.info({ grpc_port: grpc.port, http_port: http.port, host: options.host }, "api.started");
    return {
      grpcPort: grpc.port,
      httpPort: http.port,
      async stop() {
        calls.stop();
        await workers.stop();
        await beats.stop();
        beat(true);
        await Promise.all([grpc.stop(), http.stop()]);
        await stopParts();
      },
    };
  } catch (error) {
    await stopParts();
    throw error;
  }
}
