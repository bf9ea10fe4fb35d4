/** A database whose user dies at a chosen statement: just before it is sent, or after it took effect and before the answer. */

import type { Database } from "@millrace/db";

/** What is used of a connection. */
type PoolClient = {
  query(query: never): Promise<unknown>;
  release(error?: boolean): void;
};

type Method = (...values: never[]) => unknown;

export type CrashPoint = {
  /** The n-th statement counted, from 1. */
  readonly at: number;
  readonly isAfter: boolean;
};

export type CrashingDatabase = {
  readonly db: Database;
  /** From now on statements are counted. */
  arm(): void;
  /** Statements so far, by name. */
  readonly seen: string[];
  /** Resolves when it has died. */
  readonly died: Promise<void>;
};

const never = new Promise<never>(() => undefined);

/** @param counts whether a statement counts, by its name. */
export function crashingDatabase(
  db: Database,
  point: CrashPoint,
  counts: (name: string) => boolean,
): CrashingDatabase {
  const { promise: died, resolve: die } = Promise.withResolvers<void>();
  const seen: string[] = [];
  const clients = new Set<PoolClient>();
  let isArmed = false;
  let isDead = false;

  /** Its connections break, and what was not committed is rolled back. */
  function end(): void {
    isDead = true;
    for (const client of clients) client.release(true);
    clients.clear();
    die();
  }

  async function step<T>(name: string, send: () => Promise<T>): Promise<T> {
    if (isDead) return never;
    if (!isArmed || !counts(name)) return send();
    seen.push(name);
    const isHere = seen.length === point.at;
    if (isHere && !point.isAfter) {
      end();
      return never;
    }
    const answer = await send();
    if (isDead) return never;
    if (!isHere) return answer;
    end();
    return never;
  }

  function nameOf(query: unknown): string {
    if (typeof query === "string") return query;
    return (query as { readonly name?: string }).name ?? "";
  }

  function wrapClient(client: PoolClient): PoolClient {
    clients.add(client);
    let before = "";
    return new Proxy(client, {
      get(target, property) {
        if (property === "query")
          return (query: never) => {
            const name = nameOf(query);
            // The end of a transaction is called after what it ends.
            const shown = name === "COMMIT" ? `COMMIT of ${before}` : name;
            if (name !== "request_keep") before = name;
            return step(shown, () => target.query(query));
          };
        if (property === "release")
          return (error?: boolean) => {
            if (!clients.delete(client)) return;
            target.release(error);
          };
        const value: unknown = Reflect.get(target, property);
        return typeof value === "function" ? (value as Method).bind(target) : value;
      },
    });
  }

  const pool = new Proxy(db.pool, {
    get(target, property) {
      if (property === "query")
        return (query: never) => step(nameOf(query), () => target.query(query));
      if (property === "connect")
        return async () => (isDead ? never : wrapClient(await target.connect()));
      const value: unknown = Reflect.get(target, property);
      return typeof value === "function" ? (value as Method).bind(target) : value;
    },
  });
  const makingLane: Database["makingLane"] = new Proxy(db.makingLane, {
    get(target, property) {
      if (property === "send")
        return (statements: Parameters<typeof target.send>[0]) =>
          step("run_create_batch", () => target.send(statements));
      const value: unknown = Reflect.get(target, property);
      return typeof value === "function" ? (value as Method).bind(target) : value;
    },
  });
  return { db: { ...db, pool, makingLane }, arm: () => (isArmed = true), seen, died };
}
