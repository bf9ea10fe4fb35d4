/** Keeps one session alive, and opens a new one when the server has given it up. */

import { randomUUID } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationMs, type Duration } from "@bufbuild/protobuf/wkt";
import { isMillraceError } from "@millrace/engine";
import { WorkerService, type OpenSessionRequestSchema, type Verdict } from "@millrace/wire/worker";
import { backoffMs, pause } from "./backoff.ts";
import { isRefusal, type Connection } from "./connection.ts";
import { callTimeoutMs, closeTimeoutMs } from "./limits.ts";
import { errorText, type WorkerLog } from "./log.ts";

export type Session = {
  readonly sessionId: string;
  readonly sessionToken: string;
  readonly ttlMs: number;
  readonly renewIntervalMs: number;
};

/** For what speaks with the server within the session. */
export type SessionAccess = {
  readonly connection: Connection;
  readonly log: WorkerLog;
  session(): Session | null;
  /** The server does not know the session any more. */
  onExpired(sessionId: string): void;
};

export type SessionKeeperOptions = {
  readonly connection: Connection;
  readonly announce: MessageInitShape<typeof OpenSessionRequestSchema>;
  readonly log: WorkerLog;
  /** Every attempt the worker holds, running or not yet reported. */
  inventory(): string[];
  onVerdicts(verdicts: readonly Verdict[]): void;
  onSession(session: Session): void;
  /** The server refuses this worker for good: only before the first session. */
  onRefused(error: unknown): void;
};

/** Used where the server does not say. */
const defaultTtlMs = 30_000;
const defaultRenewMs = 10_000;
const renewJitter = 0.1;

export class SessionKeeper {
  readonly #options: SessionKeeperOptions;
  readonly #stopping = new AbortController();
  #session: Session | null = null;
  /** Ends the wait between renewals early. */
  #expired = new AbortController();
  #hadSession = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: SessionKeeperOptions) {
    this.#options = options;
  }

  get session(): Session | null {
    return this.#session;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Says that the server no longer knows this session; it may be an older one already. */
  expired(sessionId: string): void {
    if (this.#session?.sessionId !== sessionId) return;
    this.#session = null;
    this.#expired.abort();
  }

  /** Stops renewing and ends the session in order. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#expired.abort();
    await this.#loop;
    const session = this.#session;
    this.#session = null;
    if (session === null) return;
    try {
      const { connection } = this.#options;
      await connection.call(
        WorkerService.method.closeSession,
        { requestId: randomUUID(), session: ref(session) },
        closeTimeoutMs,
      );
    } catch (error) {
      this.#options.log.warn(
        { session_id: session.sessionId, err: errorText(error) },
        "session.not_closed",
      );
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const session = await this.#open(signal);
      if (session === null) return;
      this.#expired = new AbortController();
      this.#session = session;
      this.#hadSession = true;
      this.#options.onSession(session);
      await this.#renewUntilExpired(session, AbortSignal.any([signal, this.#expired.signal]));
    }
  }

  async #open(signal: AbortSignal): Promise<Session | null> {
    const { connection, announce, log } = this.#options;
    const requestId = randomUUID();
    for (let failures = 0; !signal.aborted;) {
      try {
        const answer = await connection.call(WorkerService.method.openSession, {
          ...announce,
          requestId,
        });
        return {
          sessionId: answer.sessionId,
          sessionToken: answer.sessionToken,
          ttlMs: msOf(answer.ttl, defaultTtlMs),
          renewIntervalMs: msOf(answer.renewInterval, defaultRenewMs),
        };
      } catch (error) {
        if (isRefusal(error) && !this.#hadSession) {
          this.#options.onRefused(error);
          return null;
        }
        failures++;
        log.warn({ failures, err: errorText(error) }, "session.not_opened");
        await pause(backoffMs(failures), signal);
      }
    }
    return null;
  }

  async #renewUntilExpired(session: Session, signal: AbortSignal): Promise<void> {
    const { connection, log } = this.#options;
    const timeoutMs = Math.min(callTimeoutMs, session.renewIntervalMs);
    let renewedAt = performance.now();
    for (let failures = 0; ;) {
      const jitter = 1 - renewJitter + Math.random() * 2 * renewJitter;
      const waitMs = failures === 0 ? session.renewIntervalMs * jitter : backoffMs(1);
      await pause(Math.min(waitMs, session.renewIntervalMs), signal);
      if (signal.aborted) return;
      const sentAt = performance.now();
      try {
        const answer = await connection.call(
          WorkerService.method.renewSession,
          // Each renewal is new, one after a failure too: what the worker holds may have changed.
          {
            requestId: randomUUID(),
            session: ref(session),
            attemptIds: this.#options.inventory(),
          },
          timeoutMs,
        );
        const gapMs = sentAt - renewedAt;
        if (gapMs > session.ttlMs / 2)
          log.warn({ gap_ms: Math.round(gapMs) }, "session.renewed_late");
        renewedAt = sentAt;
        failures = 0;
        this.#options.onVerdicts(answer.verdicts);
      } catch (error) {
        if (isSessionExpired(error)) {
          log.warn({ session_id: session.sessionId }, "session.expired");
          this.expired(session.sessionId);
          return;
        }
        failures++;
        log.warn({ failures, err: errorText(error) }, "session.not_renewed");
      }
    }
  }
}

export function isSessionExpired(error: unknown): boolean {
  return isMillraceError(error) && error.reason === "SESSION_EXPIRED";
}

/** What identifies a session in a request. */
export function ref(session: Session): { sessionId: string; sessionToken: string } {
  return { sessionId: session.sessionId, sessionToken: session.sessionToken };
}

function msOf(duration: Duration | undefined, fallback: number): number {
  const ms = duration === undefined ? 0 : durationMs(duration);
  return ms > 0 ? ms : fallback;
}
