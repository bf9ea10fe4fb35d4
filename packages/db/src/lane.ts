/**
 * A lane: one dedicated connection for hot statements. What is sent together travels together (one round trip) and is one
 * transaction, statements are prepared once, and their plans are made for any parameters, never for tables that happened
 * to be empty.
 */

import { Client } from "pg";

import { isConnectionLoss, unreachable } from "./errors.ts";
import { connectTimeoutMs } from "./connect.ts";
import { silentLog, type DbLog } from "./log.ts";
import { pgTypes } from "./pg-types.ts";
import {
  nothingPrepared,
  StatementPack,
  type ColumnParser,
  type PackRows,
  type PackStatement,
  type Prepared,
} from "./statement-pack.ts";

/** The server gives up on a statement of a lane after this. */
export const laneStatementTimeoutMs = 5_000;
/** The server gives up waiting for a lock after this; a take-over of a shard holds one for a moment. */
export const laneLockTimeoutMs = 2_000;
/** The client gives up after this and drops the connection: the server may be gone without a word. */
export const laneAnswerTimeoutMs = 10_000;

export type LaneOptions = { readonly url: string; readonly name: string; readonly log?: DbLog };

export type Lane = {
  readonly name: string;
  /**
   * Sends all statements at once, as one transaction, and answers with the rows of each. Connects first when it has to.
   * One call at a time: what comes meanwhile waits.
   *
   * @throws the error of the first statement that failed: nothing of any took effect. A lost connection is never retried
   *   here, and whether it took effect is then not known.
   */
  send(statements: readonly PackStatement[]): Promise<PackRows[]>;
  close(): Promise<void>;
};

type Opened = { readonly client: Client; readonly prepared: Prepared };

/** Plans: one for any parameters, by index and nested loop, whatever the tables looked like when it was made. */
export const laneSettings = [
  "SET plan_cache_mode = force_generic_plan",
  "SET enable_seqscan = off",
  "SET enable_bitmapscan = off",
  "SET enable_hashjoin = off",
  "SET enable_mergejoin = off",
  "SET jit = off",
].join(";");

/** Makes a lane; it connects when it is first used. */
export function createLane(options: LaneOptions): Lane {
  const log = options.log ?? silentLog;
  const types = pgTypes();
  let opening: Promise<Opened> | null = null;
  /** The client of `opening`, as soon as there is one. */
  let current: Client | null = null;
  let isClosed = false;
  let last: Promise<unknown> = Promise.resolve();

  async function open(): Promise<Opened> {
    const client = new Client({
      connectionString: options.url,
      application_name: `millrace ${options.name}`,
      connectionTimeoutMillis: connectTimeoutMs,
      statement_timeout: laneStatementTimeoutMs,
      lock_timeout: laneLockTimeoutMs,
      idle_in_transaction_session_timeout: laneAnswerTimeoutMs,
      query_timeout: laneAnswerTimeoutMs,
      keepAlive: true,
      types,
    });
    current = client;
    client.on("error", (error) => {
      if (current === client) opening = null;
      if (!isClosed) log.warn({ lane: options.name, error: error.message }, "db.lane.lost");
    });
    try {
      await client.connect();
      await client.query(laneSettings);
    } catch (error) {
      await client.end().catch(() => {});
      throw unreachable(options.url, error);
    }
    return { client, prepared: nothingPrepared() };
  }

  function connected(): Promise<Opened> {
    opening ??= open().catch((error: unknown) => {
      opening = null;
      throw error;
    });
    return opening;
  }

  async function send(statements: readonly PackStatement[]): Promise<PackRows[]> {
    const { client, prepared } = await connected();
    // Its type is that of the binary parsers; asked for text, it gives those of text.
    const parserOf = (oid: number) => types.getTypeParser(oid, "text") as unknown as ColumnParser;
    const pack = new StatementPack(statements, prepared, parserOf);
    try {
      return await client.query(pack).answer;
    } catch (error) {
      if (isConnectionLoss(error)) {
        if (current === client) opening = null;
        await client.end().catch(() => {});
      }
      throw error;
    }
  }

  return {
    name: options.name,
    send(statements) {
      const sent = last.then(() => send(statements));
      last = sent.catch(() => {});
      return sent;
    },
    async close() {
      isClosed = true;
      const opened = opening === null ? null : await opening.catch(() => null);
      opening = null;
      await opened?.client.end();
    },
  };
}
