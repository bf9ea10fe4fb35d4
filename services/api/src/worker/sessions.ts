/** The sessions that are used through this node. The rows are the truth; this is who was seen lately. */

import { timingSafeEqual } from "node:crypto";
import { findDeadSessions, getSession, type Database, type SessionRow } from "@millrace/db";
import { MillraceError } from "@millrace/engine";
import type { SessionRef } from "@millrace/wire/worker";
import { hashToken } from "../auth/tokens.ts";
import { fieldInvalid } from "../fields.ts";
import { workerLimits } from "../limits.ts";
import { sessionOf, type WorkerSession } from "./session.ts";

export type Sessions = {
  /**
   * The session a worker says it is.
   *
   * @throws MillraceError FIELD_INVALID without one, UNAUTHENTICATED when the token is wrong, SESSION_EXPIRED when it is over.
   */
  require(ref: SessionRef | undefined): Promise<WorkerSession>;
  adopt(row: SessionRow): WorkerSession;
  byKey(key: number): WorkerSession | undefined;
  all(): Iterable<WorkerSession>;
  forget(session: WorkerSession): void;
  /** Forgets sessions that have not been used through this node for long. */
  forgetIdle(): void;
  /** Marks sessions that have not been renewed in time, through whatever node: owners have given their work away. */
  findOverdue(): Promise<void>;
};

export function createSessions(db: Database): Sessions {
  const byId = new Map<string, WorkerSession>();
  const byKey = new Map<number, WorkerSession>();

  function adopt(row: SessionRow): WorkerSession {
    const known = byId.get(row.session_id);
    if (known !== undefined) return known;
    const session = sessionOf(row);
    byId.set(session.sessionId, session);
    byKey.set(session.key, session);
    return session;
  }

  async function find(sessionId: string): Promise<WorkerSession> {
    const known = byId.get(sessionId);
    if (known !== undefined) return known;
    const row = sessionId.includes("\u0000") ? null : await getSession(db, sessionId);
    if (row === null) throw expired();
    return adopt(row);
  }

  function forget(session: WorkerSession): void {
    byId.delete(session.sessionId);
    byKey.delete(session.key);
  }

  return {
    async require(ref) {
      if (ref === undefined || ref.sessionId === "")
        throw fieldInvalid("session", "is missing; open a session first.");
      const session = await find(ref.sessionId);
      if (!timingSafeEqual(hashToken(ref.sessionToken), session.tokenHash)) {
        throw new MillraceError("UNAUTHENTICATED", "The session token is not that of the session.");
      }
      if (session.hasEnded) throw expired();
      session.usedAtMs = performance.now();
      return session;
    },
    adopt,
    byKey: (key) => byKey.get(key),
    all: () => byKey.values(),
    forget,
    forgetIdle() {
      const before = performance.now() - workerLimits.sessionIdleMs;
      for (const session of byKey.values()) {
        if (session.outbox === null && session.usedAtMs < before) forget(session);
      }
    },
    async findOverdue() {
      const now = performance.now();
      const doubtful = [...byKey.values()].filter(
        ({ aliveAtMs, isOverdue }) => !isOverdue && now - aliveAtMs > workerLimits.sessionTtlMs,
      );
      if (doubtful.length === 0) return;
      const keys = doubtful.map(({ key }) => key);
      const dead = new Set((await findDeadSessions(db, keys)).map(({ key }) => key));
      for (const session of doubtful) {
        session.isOverdue = dead.has(session.key);
        // Renewed through another node: looked at again before long.
        session.aliveAtMs = now - workerLimits.sessionTtlMs + workerLimits.renewIntervalMs;
      }
    },
  };
}

export function expired(): MillraceError {
  return new MillraceError("SESSION_EXPIRED");
}
