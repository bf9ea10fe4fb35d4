/**
 * A control plane that does what a scenario says, for workers in any language: it hands out work against credit, keeps
 * everything a worker says, and breaks in the ways that real servers and networks do.
 */

import { EventEmitter, once } from "node:events";
import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { anyPack, durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  Metadata,
  Server,
  ServerCredentials,
  status,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerUnaryCall,
} from "@grpc/grpc-js";
import { FakeBlobs, holdPort, type HeldPort } from "@millrace/sdk/worker/testing";
import { grpcDefinition } from "@millrace/wire/grpc";
import { ErrorInfoSchema, RunState, StatusSchema, type LogLine } from "@millrace/wire/v1";
import {
  AssignmentSchema,
  TriggerOutcome,
  VerdictKind,
  WorkerService,
  WorkResponseSchema,
  type AppendLogRequest,
  type Assignment,
  type CloseSessionRequest,
  type MakeTaskTokenRequest,
  type OpenSessionRequest,
  type PullXComsRequest,
  type PullXComsResponseSchema,
  type RenewSessionRequest,
  type Result,
  type SessionRef,
  type TriggerDagRunRequest,
  type TriggerDagRunResponseSchema,
  type WorkRequest,
  type WorkResponse,
} from "@millrace/wire/worker";

type Stream = ServerDuplexStream<WorkRequest, WorkResponse>;
type OpenStream = { readonly stream: Stream; readonly sessionId: string; credit: number };
type UnaryMethod = "openSession" | "renewSession" | "closeSession" | "appendLog";

/** A refusal, as the real server words it. */
export type Refusal = { readonly code: status; readonly reason: string };

class RefusedCall extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.reason);
    this.refusal = refusal;
  }
}

export const taskNotFound: Refusal = { code: status.NOT_FOUND, reason: "TASK_NOT_FOUND" };
export const unavailable: Refusal = { code: status.UNAVAILABLE, reason: "UNAVAILABLE" };
const sessionExpired: Refusal = { code: status.FAILED_PRECONDITION, reason: "SESSION_EXPIRED" };
const requestIdMissing: Refusal = {
  code: status.INVALID_ARGUMENT,
  reason: "REQUEST_ID_MISSING",
};
const unauthenticated: Refusal = { code: status.UNAUTHENTICATED, reason: "UNAUTHENTICATED" };

export const workerKey = "conformance-worker-key";

/** How long a worker may take for anything, its start and its longest random wait included. */
const waitMaxMs = 45_000;
/** How much of what the worker wrote a failed wait shows. */
const saidShownMax = 4_000;

export class ScriptedServer {
  readonly opened: OpenSessionRequest[] = [];
  readonly renewals: { readonly attemptIds: readonly string[] }[] = [];
  /** The store of large values. */
  readonly blobs = new FakeBlobs(() => this.changed());
  readonly pulls: PullXComsRequest[] = [];
  /** What a pull is answered with; a refusal is thrown. */
  pullAnswer: (
    request: PullXComsRequest,
  ) => MessageInitShape<typeof PullXComsResponseSchema> | Refusal = () => ({});
  readonly triggers: TriggerDagRunRequest[] = [];
  /** What a request for a run is answered with; a refusal is thrown. */
  triggerAnswer: (
    request: TriggerDagRunRequest,
  ) => MessageInitShape<typeof TriggerDagRunResponseSchema> | Refusal = () => ({
    ...{ runId: "run_7", runName: "manual__7" },
    ...{ state: RunState.QUEUED, outcome: TriggerOutcome.MADE },
  });
  /** Every result in the order of coming, repeated ones too. */
  readonly results: Result[] = [];
  readonly logRequests: AppendLogRequest[] = [];
  readonly closed: string[] = [];
  /** The sessions of the streams so far, in order. */
  readonly streamSessions: string[] = [];
  /** The credit said on each stream so far, in order. */
  readonly creditSaid: number[] = [];
  /** What a result is answered with; null for no answer. */
  verdictOn: (result: Result) => VerdictKind | null = () => VerdictKind.OK;
  /** What every renewal says about attempts. */
  renewalVerdicts: { readonly attemptId: string; readonly kind: VerdictKind }[] = [];
  /** Asked before a call is looked at; a refusal is its answer. */
  refuses: (method: UnaryMethod) => Refusal | null = () => null;
  /** Like `refuses`, after the call has had its effect: its answer is lost. */
  losesAnswer: (method: UnaryMethod) => boolean = () => false;
  /** What became of the worker's process, for waits that are in vain. */
  worker: { readonly hasExited: boolean; readonly said: string } = { hasExited: false, said: "" };
  renewIntervalMs = 100;
  ttlMs = 2_000;
  readonly #tokens = new Map<string, string>();
  readonly #sessionsByRequest = new Map<string, string>();
  readonly #lines = new Map<string, Map<bigint, LogLine>>();
  readonly #changes = new EventEmitter({ captureRejections: false }).setMaxListeners(0);
  readonly #streams = new Set<OpenStream>();
  #server: Server | null = null;
  #held: HeldPort | null = null;
  #waiting: Assignment[] = [];
  /** Sent, and neither named in a renewal nor reported: a new stream begins with them. */
  readonly #unconfirmed = new Map<string, Assignment>();

  get address(): string {
    return `127.0.0.1:${this.#held?.port ?? 0}`;
  }

  /** Starts, or starts again at the same address. What sessions and results it knows, it keeps, as a database would. */
  async start(): Promise<this> {
    const server = new Server({ "grpc.max_receive_message_length": -1 });
    server.addService(grpcDefinition(WorkerService), {
      openSession: this.#unary("openSession", (request: OpenSessionRequest) => this.#open(request)),
      renewSession: this.#unary("renewSession", (request: RenewSessionRequest) =>
        this.#renew(request),
      ),
      closeSession: this.#unary("closeSession", (request: CloseSessionRequest) =>
        this.#close(request),
      ),
      appendLog: this.#unary("appendLog", (request: AppendLogRequest) => this.#append(request)),
      uploadBlob: this.blobs.upload,
      downloadBlob: this.blobs.download,
      pullXComs: this.#reading((request: PullXComsRequest) => this.#pull(request)),
      makeTaskToken: this.#reading((request: MakeTaskTokenRequest) => this.#makeToken(request)),
      triggerDagRun: this.#reading((request: TriggerDagRunRequest) => this.#trigger(request)),
      work: (stream: Stream) => this.#work(stream),
    });
    this.#held ??= await holdPort();
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(this.address, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      );
    });
    this.#server = server;
    return this;
  }

  /** Dies: all connections break. */
  stop(): void {
    this.#server?.forceShutdown();
    this.#server = null;
    this.#streams.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.#held?.[Symbol.asyncDispose]();
  }

  /** Waits until something holds. @throws Error naming what was waited for. */
  async until(holds: () => boolean, what: string): Promise<void> {
    const signal = AbortSignal.timeout(waitMaxMs);
    while (!holds()) {
      if (this.worker.hasExited)
        throw new Error(`The worker exited before ${what}. ${this.#story()}`);
      await once(this.#changes, "change", { signal }).catch(() => {
        throw new Error(`Waited ${waitMaxMs / 1000} s in vain for ${what}. ${this.#story()}`);
      });
    }
  }

  /** What is left of the credit of the newest stream. */
  get creditLeft(): number {
    return [...this.#streams].at(-1)?.credit ?? 0;
  }

  /** Hands out work as soon as a stream has credit for it. */
  assign(...assignments: MessageInitShape<typeof AssignmentSchema>[]): void {
    this.#waiting.push(...assignments.map((assignment) => create(AssignmentSchema, assignment)));
    this.#handOut();
  }

  /** Assigns on every open stream, credit or not. */
  sayAssignments(...assignments: MessageInitShape<typeof AssignmentSchema>[]): void {
    this.#say({ case: "assignments", value: { assignments } });
  }

  cancel(...attemptIds: string[]): void {
    this.#say({ case: "cancels", value: { attemptIds } });
  }

  breakStreams(): void {
    for (const { stream } of this.#streams) refuseStream(stream, unavailable);
    this.#streams.clear();
  }

  expireSessions(): void {
    this.#tokens.clear();
  }

  resultsOf(attemptId: string): Result[] {
    return this.results.filter((result) => result.attemptId === attemptId);
  }

  /** The first result of an attempt, waited for. */
  async result(attemptId: string): Promise<Result> {
    await this.until(() => this.resultsOf(attemptId).length > 0, `the result of ${attemptId}`);
    return this.resultsOf(attemptId)[0]!;
  }

  /** The stored lines of an attempt, by seq. */
  linesOf(attemptId: string): LogLine[] {
    const lines = [...(this.#lines.get(attemptId)?.values() ?? [])];
    return lines.sort((one, other) => Number(one.seq - other.seq));
  }

  /** Whether the newest renewal said that the worker holds the attempt. */
  holds(attemptId: string): boolean {
    return this.renewals.at(-1)?.attemptIds.includes(attemptId) ?? false;
  }

  async untilHeld(attemptId: string): Promise<void> {
    await this.until(() => this.holds(attemptId), `${attemptId} in a renewal`);
  }

  /** Two further renewals: what was on its way before them has arrived. */
  async untilRenewedTwice(): Promise<void> {
    const count = this.renewals.length;
    await this.until(() => this.renewals.length >= count + 2, "two renewals");
  }

  /** Notes that something outside, such as a file, may have changed. */
  changed(): void {
    this.#changes.emit("change");
  }

  #open(request: OpenSessionRequest): object {
    const sessionId =
      this.#sessionsByRequest.get(request.requestId) ?? `session-${this.opened.length + 1}`;
    const sessionToken = `token-of-${sessionId}`;
    if (!this.#sessionsByRequest.has(request.requestId)) {
      this.#sessionsByRequest.set(request.requestId, sessionId);
      this.#tokens.set(sessionId, sessionToken);
      this.opened.push(request);
    }
    const times = {
      ttl: durationFromMs(this.ttlMs),
      renewInterval: durationFromMs(this.renewIntervalMs),
    };
    return { sessionId, sessionToken, ...times };
  }

  #renew({ session, attemptIds }: RenewSessionRequest): object {
    this.#checkSession(session);
    this.renewals.push({ attemptIds });
    for (const attemptId of attemptIds) this.#unconfirmed.delete(attemptId);
    return { verdicts: this.renewalVerdicts };
  }

  #close({ session }: CloseSessionRequest): object {
    this.#checkSession(session);
    this.#tokens.delete(session!.sessionId);
    this.closed.push(session!.sessionId);
    return {};
  }

  #append(request: AppendLogRequest): object {
    this.logRequests.push(request);
    this.#checkSession(request.session);
    const stored = this.#lines.get(request.attemptId) ?? new Map<bigint, LogLine>();
    this.#lines.set(request.attemptId, stored);
    for (const line of request.lines) {
      if (!stored.has(line.seq)) stored.set(line.seq, line);
    }
    return { storedThroughSeq: BigInt(stored.size) };
  }

  /** What a token is made of is the server's own affair. */
  #makeToken({ session, attemptId }: MakeTaskTokenRequest): object {
    this.#checkSession(session);
    return { token: `token-of-${attemptId}` };
  }

  #trigger(request: TriggerDagRunRequest): object {
    this.#checkSession(request.session);
    this.triggers.push(request);
    const answer = this.triggerAnswer(request);
    if ("reason" in answer) throw new RefusedCall(answer);
    return answer;
  }

  #pull(request: PullXComsRequest): object {
    this.#checkSession(request.session);
    this.pulls.push(request);
    const answer = this.pullAnswer(request);
    if ("reason" in answer) throw new RefusedCall(answer);
    return answer;
  }

  #work(stream: Stream): void {
    let open: OpenStream | null = null;
    const refusal = keyRefusal(stream.metadata);
    if (refusal !== null) {
      refuseStream(stream, refusal);
      return;
    }
    stream.on("data", ({ message }: WorkRequest) => {
      if (message.case === "hello") open = this.#hello(stream, message.value.session);
      if (message.case === "credit" && open !== null) this.#credit(open, message.value.count);
      if (message.case === "results") this.#take(stream, message.value.results);
      this.changed();
    });
    const leave = (): void => {
      if (open !== null) this.#streams.delete(open);
      this.changed();
    };
    stream.on("end", () => {
      leave();
      stream.end();
    });
    stream.on("cancelled", leave);
    stream.on("error", leave);
  }

  #hello(stream: Stream, session: SessionRef | undefined): OpenStream | null {
    try {
      this.#checkSession(session);
    } catch {
      refuseStream(stream, sessionExpired);
      return null;
    }
    const missed = [...this.#unconfirmed.values()];
    // They use up credit whether or not they came before.
    const open = { stream, sessionId: session!.sessionId, credit: -missed.length };
    if (missed.length > 0)
      stream.write(workResponse({ case: "assignments", value: { assignments: missed } }));
    this.#streams.add(open);
    this.streamSessions.push(open.sessionId);
    this.creditSaid.push(0);
    return open;
  }

  #credit(open: OpenStream, count: number): void {
    open.credit += count;
    this.creditSaid[this.creditSaid.length - 1]! += count;
    this.#handOut();
  }

  #take(stream: Stream, results: readonly Result[]): void {
    this.results.push(...results);
    for (const { attemptId } of results) this.#unconfirmed.delete(attemptId);
    const verdicts = results.flatMap((result) => {
      const kind = this.verdictOn(result);
      return kind === null ? [] : [{ attemptId: result.attemptId, kind }];
    });
    if (verdicts.length === 0) return;
    stream.write(workResponse({ case: "verdicts", value: { verdicts } }));
  }

  #handOut(): void {
    for (const open of this.#streams) {
      const assignments = this.#waiting.splice(0, Math.max(0, open.credit));
      for (const assignment of assignments) this.#unconfirmed.set(assignment.attemptId, assignment);
      if (assignments.length === 0) continue;
      open.credit -= assignments.length;
      open.stream.write(workResponse({ case: "assignments", value: { assignments } }));
    }
  }

  #say(message: WorkMessage): void {
    for (const { stream } of this.#streams) stream.write(workResponse(message));
  }

  #checkSession(session: SessionRef | undefined): void {
    if (session !== undefined && this.#tokens.get(session.sessionId) === session.sessionToken)
      return;
    throw new RefusedCall(sessionExpired);
  }

  #unary<I extends { readonly requestId: string }>(
    method: UnaryMethod,
    handle: (request: I) => object,
  ) {
    return (call: ServerUnaryCall<I, object>, answer: sendUnaryData<object>): void => {
      const refusal = keyRefusal(call.metadata) ?? this.refuses(method);
      try {
        if (refusal !== null) throw new RefusedCall(refusal);
        if (call.request.requestId === "") throw new RefusedCall(requestIdMissing);
        const response = handle(call.request);
        if (this.losesAnswer(method)) throw new RefusedCall(unavailable);
        answer(null, response);
      } catch (error) {
        if (!(error instanceof RefusedCall)) throw error;
        answer(statusOf(error.refusal));
      }
      this.changed();
    };
  }

  /** A call that changes nothing, and so has no request id. */
  #reading<I>(handle: (request: I) => object) {
    return (call: ServerUnaryCall<I, object>, answer: sendUnaryData<object>): void => {
      try {
        const refusal = keyRefusal(call.metadata);
        if (refusal !== null) throw new RefusedCall(refusal);
        answer(null, handle(call.request));
      } catch (error) {
        if (!(error instanceof RefusedCall)) throw error;
        answer(statusOf(error.refusal));
      }
    };
  }

  /** What has happened, for the message of a wait that was in vain. */
  #story(): string {
    const results = this.results
      .map((result) => `${result.attemptId}:${result.outcome.case}`)
      .join(", ");
    const facts = {
      sessions: this.opened.length,
      streams: this.streamSessions.length,
      renewals: this.renewals.length,
      held: this.renewals.at(-1)?.attemptIds,
      results,
      waiting: this.#waiting.map((assignment) => assignment.attemptId),
    };
    return `${JSON.stringify(facts)}\n${this.worker.said.slice(-saidShownMax)}`;
  }
}

type WorkMessage =
  | { case: "assignments"; value: { assignments: MessageInitShape<typeof AssignmentSchema>[] } }
  | { case: "verdicts"; value: { verdicts: { attemptId: string; kind: VerdictKind }[] } }
  | { case: "cancels"; value: { attemptIds: string[] } };

function workResponse(message: WorkMessage): WorkResponse {
  return create(WorkResponseSchema, { message });
}

function keyRefusal(metadata: Metadata): Refusal | null {
  return metadata.get("authorization")[0] === `Bearer ${workerKey}` ? null : unauthenticated;
}

function refuseStream(stream: Stream, refusal: Refusal): void {
  stream.on("error", () => undefined);
  stream.emit("error", statusOf(refusal));
}

/** The trailers of a real refusal: a google.rpc.Status that holds an ErrorInfo. */
function statusOf({ code, reason }: Refusal): {
  code: status;
  details: string;
  metadata: Metadata;
} {
  const info = anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason, domain: "millrace" }));
  const metadata = new Metadata();
  const details = toBinary(
    StatusSchema,
    create(StatusSchema, { code, message: reason, details: [info] }),
  );
  metadata.set("grpc-status-details-bin", Buffer.from(details));
  return { code, details: reason, metadata };
}
