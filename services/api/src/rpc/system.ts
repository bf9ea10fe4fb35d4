import { countLiveSessions, listLiveSessions, type LiveSessionRow } from "@millrace/db";
import { shardCount } from "@millrace/engine";
import type { Handler } from "@millrace/service";
import type { SystemService } from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { workerLimits } from "../limits.ts";
import { dateOf } from "../messages/dag.ts";
import { cutPage, isCount, isText, pageSizeOf, positionOf, tokenAfter } from "../paging.ts";
import { version } from "../version.ts";
import { pageLimits } from "./read-dags.ts";

export function getVersion(): Handler<typeof SystemService.method.getVersion> {
  return () => Promise.resolve({ version, workerProtocol: workerLimits.protocol });
}

export function whoAmI(): Handler<typeof SystemService.method.whoAmI> {
  return (_, { principal }) =>
    Promise.resolve({ name: principal.name, role: principal.role ?? "" });
}

type Part = { readonly name: string; readonly isHealthy: boolean; readonly message: string };

export function getHealth(context: ApiContext): Handler<typeof SystemService.method.getHealth> {
  return async () => {
    const parts = [
      await databaseHealth(context),
      busHealth(context),
      await shardHealth(context),
      await workerHealth(context),
    ];
    return { isHealthy: parts.every((part) => part.isHealthy), parts };
  };
}

export async function isDatabaseUp({ db }: Pick<ApiContext, "db">): Promise<boolean> {
  return db.pool.query("SELECT 1").then(
    () => true,
    () => false,
  );
}

async function databaseHealth(context: ApiContext): Promise<Part> {
  const isHealthy = await isDatabaseUp(context);
  return {
    name: "database",
    isHealthy,
    message: isHealthy ? "It answers." : "It does not answer.",
  };
}

function busHealth({ bus }: ApiContext): Part {
  const { kind, connected } = bus.status();
  if (kind === "local")
    return { name: "bus", isHealthy: true, message: "In this process; there are no other nodes." };
  const message = connected
    ? "NATS is connected."
    : "NATS is not connected; this node works alone.";
  return { name: "bus", isHealthy: connected, message };
}

async function shardHealth({ owners }: ApiContext): Promise<Part> {
  if (owners.ownedCount() < shardCount) await owners.refresh().catch(() => undefined);
  const owned = owners.ownedCount();
  const nodes = owners.nodes().length;
  const message = `${owned} of ${shardCount} shards have an owner, on ${nodes} ${nodes === 1 ? "node" : "nodes"}.`;
  return { name: "shards", isHealthy: owned === shardCount, message };
}

async function workerHealth({ db }: ApiContext): Promise<Part> {
  const live = await countLiveSessions(db).catch(() => 0);
  const message =
    live === 0
      ? "No worker is connected; nothing runs."
      : `${live} ${live === 1 ? "worker is" : "workers are"} connected.`;
  return { name: "workers", isHealthy: live > 0, message };
}

export function listWorkers(context: ApiContext): Handler<typeof SystemService.method.listWorkers> {
  return async (request) => {
    const limit = pageSizeOf(request.pageSize, pageLimits);
    const filters = ["workers"];
    const position = positionOf(request.pageToken, filters, isPosition);
    const after = position === null ? null : { name: position[0], key: position[1] };
    const { rows, last } = cutPage(
      await listLiveSessions(context.db, { after, limit: limit + 1 }),
      limit,
    );
    return {
      workers: rows.map(workerMessage),
      nextPageToken: last === null ? "" : tokenAfter(filters, [last.worker_name, last.key]),
    };
  };
}

function workerMessage(row: LiveSessionRow) {
  return {
    sessionId: row.session_id,
    name: row.worker_name,
    queues: row.queues,
    handlers: row.handlers,
    slots: row.slots,
    running: row.running,
    sdk: row.sdk,
    node: row.node_id,
    startedAt: dateOf(row.started_at),
    renewedAt: dateOf(row.renewed_at),
  };
}

function isPosition(value: unknown): value is [string, number] {
  return Array.isArray(value) && value.length === 2 && isText(value[0]) && isCount(value[1]);
}
