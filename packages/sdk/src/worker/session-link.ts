/**
 * What a thread that keeps a session has towards the server, whatever it does with the work: the session and its stream,
 * results on their way, values that are stored elsewhere.
 */

import type { MessagePort } from "node:worker_threads";
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  VerdictKind,
  type Assignment,
  type OpenSessionRequestSchema,
  type Verdict,
} from "@millrace/wire/worker";
import { BlobClient } from "./blob-client.ts";
import { connect, type ServerOptions } from "./connection.ts";
import { watchMs } from "./limits.ts";
import { postedLog } from "./log.ts";
import { Outbox } from "./outbox.ts";
import { SessionKeeper, type SessionAccess } from "./session-keeper.ts";
import { carryError, type SessionMessage } from "./session-messages.ts";
import { StoredResults } from "./stored-results.ts";
import { WorkStream } from "./work-stream.ts";

export type SessionLinkOptions = {
  /** To the process that started the thread. */
  readonly port: MessagePort;
  readonly announce: MessageInitShape<typeof OpenSessionRequestSchema>;
  /** Every attempt the thread holds, running or not yet reported. */
  inventory(): string[];
  room(): number;
  onAssignments(assignments: readonly Assignment[]): void;
  onCancels(attemptIds: readonly string[]): void;
  /** The attempt is another's. */
  onLost(attemptId: string): void;
  /** A verdict on a result that waited for one. */
  onAnswer(verdict: Verdict): void;
};

export class SessionLink {
  readonly access: SessionAccess;
  readonly outbox: Outbox;
  readonly blobs: BlobClient;
  readonly results: StoredResults;
  readonly #options: SessionLinkOptions;
  readonly #server = Promise.withResolvers<ServerOptions>();
  readonly #keeper: SessionKeeper;
  readonly #stream: WorkStream;
  readonly #hurry = new AbortController();
  #sweeping: NodeJS.Timeout | undefined;
  #look = (): void => undefined;

  constructor(options: SessionLinkOptions) {
    this.#options = options;
    const log = postedLog((message) => this.#post(message));
    const connection = connect(this.#server.promise);
    this.#keeper = new SessionKeeper({
      connection,
      announce: options.announce,
      log,
      inventory: () => options.inventory(),
      onVerdicts: (verdicts) => this.#onRenewed(verdicts),
      onSession: (session) => {
        this.#post({ kind: "session", sessionId: session.sessionId });
        this.#stream.attach(session);
      },
      onRefused: (error) => this.#post({ kind: "refused", error: carryError(error) }),
    });
    this.access = {
      connection,
      log,
      session: () => this.#keeper.session,
      onExpired: (sessionId) => this.#keeper.expired(sessionId),
    };
    this.outbox = new Outbox(log);
    this.blobs = new BlobClient(this.access);
    this.results = new StoredResults({
      outbox: this.outbox,
      store: (attemptId, value) => this.blobs.store(attemptId, value),
      onResult: () => this.flush(),
    });
    this.#stream = new WorkStream({
      connection,
      outbox: this.outbox,
      log,
      room: () => options.room(),
      onAssignments: (assignments) => options.onAssignments(assignments),
      onVerdicts: (verdicts) => this.#onVerdicts(verdicts),
      onCancels: (attemptIds) => options.onCancels(attemptIds),
      onExpired: this.access.onExpired,
    });
  }

  /** Opens the session as soon as the server is known. */
  start(): void {
    this.#keeper.start();
    this.#sweeping = setInterval(() => {
      this.outbox.sweep();
      this.flush();
    }, watchMs);
  }

  setServer(server: ServerOptions): void {
    this.#server.resolve(server);
  }

  /** Sends, at the end of this turn of the event loop, what there is to say. */
  flush(): void {
    this.#stream.flush();
  }

  /**
   * Resolves when the condition holds (it is looked at after verdicts, and on `look`), time is up, or there is a hurry.
   * One wait at a time.
   */
  until(condition: () => boolean, ms: number): Promise<void> {
    const { signal } = this.#hurry;
    if (condition() || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#look = () => undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener("abort", done, { once: true });
      this.#look = () => {
        if (condition()) done();
      };
    });
  }

  look(): void {
    this.#look();
  }

  /** Ends the wait there is, and those to come. */
  hurry(): void {
    this.#hurry.abort();
  }

  /** Ends the session, then the thread. */
  async close(): Promise<void> {
    // Nobody waits any longer to be told where the server is.
    this.#server.reject(new Error("It was stopped before it knew where the server is."));
    clearInterval(this.#sweeping);
    this.#stream.stop();
    await this.#keeper.stop();
    this.access.connection.close();
    this.#post({ kind: "stopped" });
    this.#options.port.close();
  }

  #post(message: SessionMessage): void {
    this.#options.port.postMessage(message);
  }

  /** What a renewal says about attempts. Whatever has stopped meanwhile still needs an answer to its result. */
  #onRenewed(verdicts: readonly Verdict[]): void {
    const isCancel = ({ kind }: Verdict): boolean => kind === VerdictKind.CANCEL_REQUESTED;
    this.#options.onCancels(verdicts.filter(isCancel).map(({ attemptId }) => attemptId));
    this.#onVerdicts(verdicts.filter((verdict) => !isCancel(verdict)));
  }

  /** Verdicts on results, and on attempts that are another's. */
  #onVerdicts(verdicts: readonly Verdict[]): void {
    for (const verdict of verdicts) {
      const { attemptId, kind } = verdict;
      if (this.outbox.has(attemptId)) this.#options.onAnswer(verdict);
      else if (kind === VerdictKind.CANCEL_REQUESTED) this.#options.onCancels([attemptId]);
      // What this version does not know means stop, too.
      else if (kind !== VerdictKind.OK) this.#options.onLost(attemptId);
    }
    this.flush();
    this.#look();
  }
}
