/** The names of workers by session, for people. */

import { readSessionNames, type Database } from "@millrace/db";

export type WorkerNames = {
  put(sessionKey: number, name: string): void;
  /** Empty when it is not known. */
  get(sessionKey: number): string;
  load(db: Database, sessionKeys: Iterable<number>): Promise<void>;
};

export function createWorkerNames(namesMax: number): WorkerNames {
  const names = new Map<number, string>();

  function put(sessionKey: number, name: string): void {
    names.delete(sessionKey);
    names.set(sessionKey, name);
    const oldest = names.keys().next();
    if (names.size > namesMax && !oldest.done) names.delete(oldest.value);
  }

  return {
    put,
    get: (sessionKey) => names.get(sessionKey) ?? "",
    async load(db, sessionKeys) {
      const missing = [...new Set(sessionKeys)].filter((key) => key > 0 && !names.has(key));
      for (const [key, name] of await readSessionNames(db, missing)) put(key, name);
    },
  };
}
