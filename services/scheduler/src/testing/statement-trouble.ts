/** A database that fails, or keeps its user waiting, at one statement of the pool, once. */

import type { Database } from "@millrace/db";

export type Trouble = {
  readonly db: Database;
  /** From now on; at once unless `isArmed` was false. */
  arm(): void;
  /** Resolves when the statement has been met. */
  readonly met: Promise<void>;
  /** Of `held`: the answer may come. */
  letGo(): void;
};

/**
 * `before`: the connection breaks before the statement takes place; `after`: before its answer comes; `held`: the answer waits
 * until it is let go.
 */
export function statementTrouble(
  db: Database,
  name: string,
  kind: "before" | "after" | "held",
  { isArmed = true }: { readonly isArmed?: boolean } = {},
): Trouble {
  const met = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  let isReady = isArmed;
  const pool = new Proxy(db.pool, {
    get(target, property, receiver) {
      if (property !== "query") return Reflect.get(target, property, receiver) as unknown;
      return async (query: { readonly name?: string }): Promise<unknown> => {
        const isHere = isReady && query.name === name;
        if (isHere) isReady = false;
        if (isHere && kind === "before") {
          met.resolve();
          throw new Error("Connection terminated unexpectedly");
        }
        const answer = await (target.query(query as never) as unknown as Promise<unknown>);
        if (!isHere) return answer;
        met.resolve();
        if (kind === "after") throw new Error("Connection terminated unexpectedly");
        await held.promise;
        return answer;
      };
    },
  });
  return {
    db: { ...db, pool },
    arm: () => (isReady = true),
    met: met.promise,
    letGo: () => held.resolve(),
  };
}
