/** A database that fails, or keeps its user waiting, at one statement, once. */

import type { Database } from "@millrace/db";

export type Trouble = {
  readonly db: Database;
  /** From now on; at once unless `isArmed` was false. */
  arm(): void;
  /** Resolves when the statement has been met. */
  readonly met: Promise<void>;
  /** Of `held`: the answer may come; of `late`: the statement may. */
  letGo(): void;
  /** Of `late`: resolves when the statement has taken place. */
  readonly taken: Promise<void>;
};

/** What is used of a connection. */
type PoolClient = { query(query: never): Promise<unknown> };

type Asked = string | { readonly name?: string };

/**
 * `before`: the connection breaks before the statement takes place; `after`: before its answer comes; `held`: the answer waits
 * until it is let go. `late`: the connection breaks, and the statement takes place once it is let go. The end of a transaction is
 * called after its last statement, such as "COMMIT of request_keep".
 */
export function statementTrouble(
  db: Database,
  name: string,
  kind: "before" | "after" | "held" | "late",
  { isArmed = true }: { readonly isArmed?: boolean } = {},
): Trouble {
  const met = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const taken = Promise.withResolvers<void>();
  let isReady = isArmed;

  async function step(asked: string, send: () => Promise<unknown>): Promise<unknown> {
    const isHere = isReady && asked === name;
    if (isHere) isReady = false;
    if (isHere && kind === "late")
      held.promise.then(send).then(() => taken.resolve(), taken.reject);
    if (isHere && (kind === "before" || kind === "late")) {
      met.resolve();
      throw new Error("Connection terminated unexpectedly");
    }
    const answer = await send();
    if (!isHere) return answer;
    met.resolve();
    if (kind === "after") throw new Error("Connection terminated unexpectedly");
    await held.promise;
    return answer;
  }

  function wrapClient(client: PoolClient): PoolClient {
    let before = "";
    return new Proxy(client, {
      get(target, property) {
        if (property === "query")
          return (query: never) => {
            const asked = nameOf(query);
            const shown = asked === "COMMIT" ? `COMMIT of ${before}` : asked;
            before = asked;
            return step(shown, () => target.query(query));
          };
        const value: unknown = Reflect.get(target, property);
        return typeof value === "function" ? (value as Method).bind(target) : value;
      },
    });
  }

  const pool = new Proxy(db.pool, {
    get(target, property, receiver) {
      if (property === "query")
        return (query: never) => step(nameOf(query), () => target.query(query));
      if (property === "connect") return async () => wrapClient(await target.connect());
      return Reflect.get(target, property, receiver) as unknown;
    },
  });
  return {
    db: { ...db, pool },
    arm: () => (isReady = true),
    met: met.promise,
    letGo: () => held.resolve(),
    taken: taken.promise,
  };
}

type Method = (...values: never[]) => unknown;

function nameOf(asked: Asked): string {
  return typeof asked === "string" ? asked : (asked.name ?? "");
}
