/** Slots of worker sessions that this owner may fill: credit that api nodes grant, by session. */

import type { LineKey } from "./ready-queue.ts";

export type SlotGrantIn = {
  readonly sessionKey: number;
  readonly queues: readonly string[];
  readonly handlers: readonly string[];
  readonly runsBundles: boolean;
  readonly slots: number;
  readonly workerName: string;
};

export type SessionSlots = {
  readonly sessionKey: number;
  readonly workerName: string;
  readonly apiNodeId: string;
  readonly queues: ReadonlySet<string>;
  readonly handlers: ReadonlySet<string>;
  readonly runsBundles: boolean;
  /** Slots not filled. */
  credit: number;
};

export type ReturnedSlots = {
  readonly apiNodeId: string;
  readonly sessionKey: number;
  readonly slots: number;
};

export type Slots = {
  grant(apiNodeId: string, grants: readonly SlotGrantIn[]): void;
  /** Takes one slot for a line; sessions take turns. Null when none is free. */
  take(line: LineKey): SessionSlots | null;
  /** A slot that was taken and not filled. */
  putBack(sessionKey: number): void;
  hasFree(line: LineKey): boolean;
  /** Slots that are free for a line. */
  count(line: LineKey): number;
  /** Takes away and answers the credit of sessions that serve none of the lines that have work. */
  takeUnused(linesWithWork: readonly LineKey[]): ReturnedSlots[];
  /** The session, if it has been granted from and has not ended. */
  session(sessionKey: number): SessionSlots | undefined;
  endSession(sessionKey: number): void;
  /** Credit of an api node that has left or gone silent is worth nothing. */
  dropApiNode(apiNodeId: string): void;
};

export function serves(
  session: Omit<SessionSlots, "credit" | "apiNodeId">,
  line: LineKey,
): boolean {
  if (!session.queues.has(line.queue)) return false;
  return line.handler === null ? session.runsBundles : session.handlers.has(line.handler);
}

/** Sessions with credit for one line, in the order of their turns; those whose credit is spent leave when met. */
type Free = {
  readonly line: LineKey;
  readonly turns: SessionSlots[];
  readonly listed: Set<SessionSlots>;
};

export function createSlots(): Slots {
  const sessions = new Map<number, SessionSlots>();
  const frees = new Map<string, Free>();

  function list(free: Free, session: SessionSlots): void {
    if (session.credit === 0 || free.listed.has(session) || !serves(session, free.line)) return;
    free.listed.add(session);
    free.turns.push(session);
  }

  function freeOf(line: LineKey): Free {
    const name = JSON.stringify([line.queue, line.handler]);
    let free = frees.get(name);
    if (free === undefined) {
      free = { line: { queue: line.queue, handler: line.handler }, turns: [], listed: new Set() };
      frees.set(name, free);
      for (const session of sessions.values()) list(free, session);
    }
    return free;
  }

  function first(free: Free): SessionSlots | null {
    for (let session = free.turns[0]; session !== undefined; session = free.turns[0]) {
      if (session.credit > 0 && sessions.get(session.sessionKey) === session) return session;
      free.turns.shift();
      free.listed.delete(session);
    }
    return null;
  }

  function credit(session: SessionSlots, slots: number): void {
    session.credit += slots;
    for (const free of frees.values()) list(free, session);
  }

  return {
    grant(apiNodeId, grants) {
      for (const grant of grants) {
        let session = sessions.get(grant.sessionKey);
        if (session === undefined || session.apiNodeId !== apiNodeId) {
          session = {
            sessionKey: grant.sessionKey,
            workerName: grant.workerName,
            apiNodeId,
            queues: new Set(grant.queues),
            handlers: new Set(grant.handlers),
            runsBundles: grant.runsBundles,
            credit: 0,
          };
          sessions.set(grant.sessionKey, session);
        }
        credit(session, grant.slots);
      }
    },
    take(line) {
      const free = freeOf(line);
      const session = first(free);
      if (session === null) return null;
      session.credit -= 1;
      free.turns.shift();
      free.turns.push(session);
      return session;
    },
    putBack(sessionKey) {
      const session = sessions.get(sessionKey);
      if (session !== undefined) credit(session, 1);
    },
    hasFree: (line) => first(freeOf(line)) !== null,
    count(line) {
      let sum = 0;
      for (const session of sessions.values()) if (serves(session, line)) sum += session.credit;
      return sum;
    },
    takeUnused(linesWithWork) {
      const returned: ReturnedSlots[] = [];
      for (const session of sessions.values()) {
        if (session.credit === 0 || linesWithWork.some((line) => serves(session, line))) continue;
        const { apiNodeId, sessionKey, credit: slots } = session;
        returned.push({ apiNodeId, sessionKey, slots });
        session.credit = 0;
      }
      return returned;
    },
    session: (sessionKey) => sessions.get(sessionKey),
    endSession: (sessionKey) => void sessions.delete(sessionKey),
    dropApiNode(apiNodeId) {
      for (const session of sessions.values()) {
        if (session.apiNodeId === apiNodeId) sessions.delete(session.sessionKey);
      }
    },
  };
}
