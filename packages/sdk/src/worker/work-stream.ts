/** The stream over which work comes and results go. It may break at any time; then another is opened. */

import type { ClientDuplexStream, ServiceError } from "@grpc/grpc-js";
import { create } from "@bufbuild/protobuf";
import {
  WorkRequestSchema,
  type Assignment,
  type Verdict,
  type WorkRequest,
  type WorkResponse,
} from "@millrace/wire/worker";
import { backoffMs } from "./backoff.ts";
import { errorFromStatus, type Connection } from "./connection.ts";
import { errorText, type WorkerLog } from "./log.ts";
import type { Outbox } from "./outbox.ts";
import { isSessionExpired, ref, type Session } from "./session-keeper.ts";

export type WorkStreamOptions = {
  readonly connection: Connection;
  readonly outbox: Outbox;
  readonly log: WorkerLog;
  /** How many attempts more the worker would take now, of those it does not hold; see `Dispatcher.room`. */
  room(): number;
  onAssignments(assignments: readonly Assignment[]): void;
  onVerdicts(verdicts: readonly Verdict[]): void;
  onCancels(attemptIds: readonly string[]): void;
  onExpired(sessionId: string): void;
};

type Stream = ClientDuplexStream<WorkRequest, WorkResponse>;

export class WorkStream {
  readonly #options: WorkStreamOptions;
  #session: Session | null = null;
  #stream: Stream | null = null;
  /** Credit said on this stream that no assignment has used. */
  #outstanding = 0;
  #failures = 0;
  #isFlushing = false;
  #isStopped = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: WorkStreamOptions) {
    this.#options = options;
  }

  /** Opens a stream for a session, in the place of the one there was. */
  attach(session: Session): void {
    this.#session = session;
    this.#drop();
    this.#open();
  }

  /** Sends, at the end of this turn of the event loop, what there is to say. Any number of calls make one message. */
  flush(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(() => {
      this.#isFlushing = false;
      this.#send();
    });
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    const stream = this.#stream;
    this.#stream = null;
    stream?.end();
  }

  #open(): void {
    const session = this.#session;
    if (this.#isStopped || session === null) return;
    const stream = this.#options.connection.work();
    this.#stream = stream;
    this.#outstanding = 0;
    stream.on("data", (message: WorkResponse) => this.#receive(stream, message));
    stream.on("metadata", () => (this.#failures = 0));
    stream.on("error", (error: ServiceError) => this.#broken(stream, session, error));
    stream.on("end", () => this.#broken(stream, session, null));
    stream.write(
      create(WorkRequestSchema, { message: { case: "hello", value: { session: ref(session) } } }),
    );
    this.#options.outbox.resendAll();
    this.#send();
  }

  #send(): void {
    const stream = this.#stream;
    if (stream === null) return;
    for (const results of this.#options.outbox.take()) {
      stream.write(create(WorkRequestSchema, { message: { case: "results", value: { results } } }));
    }
    const count = this.#options.room() - this.#outstanding;
    if (count <= 0) return;
    this.#outstanding += count;
    stream.write(create(WorkRequestSchema, { message: { case: "credit", value: { count } } }));
  }

  #receive(stream: Stream, { message }: WorkResponse): void {
    if (stream !== this.#stream) return;
    switch (message.case) {
      case "assignments":
        // May go below zero: on a new stream the server repeats what it has assigned, and counts it as it does the rest.
        this.#outstanding -= message.value.assignments.length;
        this.#options.onAssignments(message.value.assignments);
        break;
      case "verdicts":
        this.#options.onVerdicts(message.value.verdicts);
        break;
      case "cancels":
        this.#options.onCancels(message.value.attemptIds);
        break;
      case undefined:
        this.#options.log.warn({}, "stream.message_unknown");
    }
  }

  #broken(stream: Stream, session: Session, error: ServiceError | null): void {
    if (stream !== this.#stream) return;
    this.#drop();
    if (this.#isStopped) return;
    const reason = error === null ? null : errorFromStatus(error);
    if (isSessionExpired(reason)) {
      this.#options.onExpired(session.sessionId);
      return;
    }
    this.#failures++;
    const waitMs = backoffMs(this.#failures);
    const fields = {
      failures: this.#failures,
      wait_ms: Math.round(waitMs),
      err: errorText(reason ?? "ended by the server"),
    };
    this.#options.log.warn(fields, "stream.broken");
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#open(), waitMs);
  }

  #drop(): void {
    clearTimeout(this.#retry);
    const stream = this.#stream;
    this.#stream = null;
    if (stream === null) return;
    // Without a listener, the error of a cancelled call would end the thread.
    stream.removeAllListeners();
    stream.on("error", () => undefined);
    stream.cancel();
  }
}
