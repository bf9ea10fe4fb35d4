/** A server node: api and scheduler in this process, on one database and one bus. */
import { ensureCredentials, startApi } from "@millrace/api";
import { connectNatsBus, createLocalBus } from "@millrace/bus";
import {
  endSession,
  getSession,
  migrate,
  openDatabase,
  releaseShardsOfNode,
  type Database,
} from "@millrace/db";
import { defaultSettings, startScheduler } from "@millrace/scheduler";
import type { Lifecycle, Logger } from "@millrace/service";
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";

export type ServerNodeOptions = {
  readonly databaseUrl: string;
  readonly natsUrl: string | undefined;
  readonly host: string;
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly insecureBind: boolean;
  readonly keysDir: string;
  /** Where values above 256 KiB are kept; null for nowhere. */
  readonly blobStore: string | null;
  /** For how many days events of assets are kept; 0 for ever. */
  readonly assetEventDays: number;
  readonly consoleUrl: () => string | null;
  /** A node that is known to be dead: its shards are free at once. */
  readonly deadNodeId?: string | undefined;
  readonly log: Logger;
  /** Gets the parts, in the order they start; they stop in the reverse order. */
  readonly lifecycle: Lifecycle;
};

export type ServerNode = {
  readonly nodeId: string;
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly adminKey: string;
  readonly workerKey: string;
  /**
   * Ends the session of a worker that is known to be dead; owners find out within a second. While the database is away it
   * tries again, until the session's time would be over anyway.
   */
  endSession(sessionId: string): Promise<void>;
};

/** Tries and the pause between them: together about the time to live of a session. */
const endSessionTries = 60;
const endSessionPauseMs = 500;

/** Migrates, then starts; the parts are handed to the lifecycle as they come up. */
export async function startServerNode(options: ServerNodeOptions): Promise<ServerNode> {
  const { log, lifecycle, host, grpcPort, httpPort } = options;
  await migrate(options.databaseUrl);
  const db = await openDatabase({ url: options.databaseUrl, log });
  lifecycle.add({ name: "database", stop: () => db.close() });
  const { adminKey, workerKey } = await ensureCredentials(db, options.keysDir);
  const nodeId = `${hostname().slice(0, 40)}-${randomBytes(4).toString("hex")}`;
  const bus = options.natsUrl
    ? await connectNatsBus({ url: options.natsUrl, nodeId, log })
    : createLocalBus(nodeId);
  lifecycle.add({ name: "bus", stop: () => bus.close() });
  if (options.deadNodeId)
    await releaseShardsOfNode(db, options.deadNodeId, defaultSettings.shardTtlMs);
  await lifecycle.start("scheduler", () => startScheduler({ db, bus, log, nodeId }));
  const api = await lifecycle.start("api", () =>
    startApi({
      db,
      bus,
      log,
      nodeId,
      host,
      grpcPort,
      httpPort,
      isInsecureBindAllowed: options.insecureBind,
      blobStore: options.blobStore,
      assetEventDays: options.assetEventDays,
      consoleUrl: options.consoleUrl,
    }),
  );
  return {
    nodeId,
    grpcPort: api.grpcPort,
    httpPort: api.httpPort,
    adminKey,
    workerKey,
    endSession: (sessionId) => endDeadSession(db, sessionId, options),
  };
}

async function endDeadSession(
  db: Database,
  sessionId: string,
  { log, lifecycle }: ServerNodeOptions,
): Promise<void> {
  for (let tries = 1; tries <= endSessionTries && !lifecycle.signal.aborted; tries++) {
    try {
      const session = await getSession(db, sessionId);
      if (session !== null) await endSession(db.prisma, session.key);
      return;
    } catch (error) {
      log.warn({ session_id: sessionId, tries, err: error }, "session.not_ended");
    }
    await delay(endSessionPauseMs);
  }
}
