/**
 * A lane: one dedicated connection for hot statements. What is sent together travels together (one round trip), statements
 * are prepared once, and their plans are made for any parameters, never for tables that happened to be empty.
 */

import { Client, type QueryArrayConfig } from "pg";

import { isConnectionLoss, unreachable } from "./errors.ts";
import { connectTimeoutMs } from "./connect.ts";
import { silentLog, type DbLog } from "./log.ts";
import { pgTypes } from "./pg-types.ts";

/** The server gives up on a statement of a lane after this. */
export const laneStatementTimeoutMs = 5_000;
/** The server gives up waiting for a lock after this; a take-over of a shard holds one for a moment. */
export const laneLockTimeoutMs = 2_000;
/** The client gives up after this and drops the connection: the server may be gone without a word. */
export const laneAnswerTimeoutMs = 10_000;

export type LaneOptions = { readonly url: string; readonly name: string; readonly log?: DbLog };

export type LaneStatement = {
  readonly name?: string;
  readonly text: string;
  readonly values?: unknown[];
};

/** Rows as arrays, by column position. */
export type LaneRows = readonly (readonly unknown[])[];

export type Lane = {
  readonly name: string;
  /**
   * Sends all statements at once and answers with the rows of each. Connects first when it has to. After an error the
   * statements behind the failed one are still tried by the server: put BEGIN and COMMIT around what must not be.
   *
   * @throws the error of the first statement that failed. A lost connection is never retried here.
   */
  send(statements: readonly LaneStatement[]): Promise<LaneRows[]>;
  close(): Promise<void>;
};

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
  let opening: Promise<Client> | null = null;
  /** The client of `opening`, as soon as there is one. */
  let current: Client | null = null;
  let isClosed = false;

  async function open(): Promise<Client> {
    const client = new Client({
      connectionString: options.url,
      application_name: `millrace ${options.name}`,
      connectionTimeoutMillis: connectTimeoutMs,
      statement_timeout: laneStatementTimeoutMs,
      lock_timeout: laneLockTimeoutMs,
      idle_in_transaction_session_timeout: laneAnswerTimeoutMs,
      query_timeout: laneAnswerTimeoutMs,
      keepAlive: true,
      pipeline: true,
      types: pgTypes(),
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
    return client;
  }

  function connected(): Promise<Client> {
    opening ??= open().catch((error: unknown) => {
      opening = null;
      throw error;
    });
    return opening;
  }

  return {
    name: options.name,
    async send(statements) {
      const client = await connected();
      const sent = statements.map((statement) => {
        const query: QueryArrayConfig<unknown[]> = { ...statement, rowMode: "array" };
        return client.query<unknown[]>(query);
      });
      const answers = await Promise.allSettled(sent);
      const rows: LaneRows[] = [];
      for (const answer of answers) {
        if (answer.status === "fulfilled") {
          rows.push(answer.value.rows);
          continue;
        }
        if (isConnectionLoss(answer.reason)) {
          if (current === client) opening = null;
          await client.end().catch(() => {});
        }
        throw answer.reason;
      }
      return rows;
    },
    async close() {
      isClosed = true;
      const client = opening === null ? null : await opening.catch(() => null);
      opening = null;
      await client?.end();
    },
  };
}
