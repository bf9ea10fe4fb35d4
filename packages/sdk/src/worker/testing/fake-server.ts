/**
 * A server of the worker protocol with a script instead of a scheduler: tests say what it assigns and how it answers,
 * and read what the worker did. It keeps the protocol's promises: gives no more than the credit, answers each result.
 */

import { EventEmitter, on } from "node:events";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerWritableStream,
} from "@grpc/grpc-js";
import type { ReasonName } from "@millrace/engine";
import { grpcDefinition } from "@millrace/wire/grpc";
import {
  DagService,
  type LogLine,
  type RegisterDagsRequest,
  type UploadBundleRequest,
} from "@millrace/wire/v1";
import {
  AssignmentSchema,
  VerdictKind,
  WorkerService,
  WorkResponseSchema,
  type AppendLogRequest,
  type Assignment,
  type DownloadBundleRequest,
  type OpenSessionRequest,
  type PullXComsRequest,
  type PullXComsResponseSchema,
  type ReadAssetEventsRequest,
  type ReadAssetEventsResponseSchema,
  type RenewSessionRequest,
  type Result,
  type SessionRef,
  type Verdict,
  type WorkRequest,
  type WorkResponse,
} from "@millrace/wire/worker";

import { FakeBlobs } from "./fake-blobs.ts";
import { refusal, statusOf, unary } from "./rpc.ts";

type Stream = ServerDuplexStream<WorkRequest, WorkResponse>;

export type FakeServerOptions = {
  /** Default 60,000: sessions end only when a test says so. */
  readonly ttlMs?: number;
  /** Default 100. */
  readonly renewIntervalMs?: number;
};

export class FakeServer {
  address = "";
  readonly sessions: string[] = [];
  /** What workers said of themselves, one for each session. */
  readonly opened: OpenSessionRequest[] = [];
  readonly closed: string[] = [];
  readonly renewals: { readonly at: number; readonly attemptIds: readonly string[] }[] = [];
  /** Every result that came, repeated ones too. */
  readonly results: Result[] = [];
  readonly blobs = new FakeBlobs(() => this.#changed({}));
  readonly bundles = new Map<string, Uint8Array>();
  downloads = 0;
  /** What folders were registered, in order. */
  readonly registrations: RegisterDagsRequest[] = [];
  /** Set to have AppendLog answer UNAVAILABLE. */
  refusesLogs = false;
  /** Set to have OpenSession answer with a reason. */
  refusesSessions: ReasonName | null = null;
  /** Set to have RegisterDags answer with a reason. */
  refusesDags: ReasonName | null = null;
  /** What a result is answered with; null for no answer. */
  verdictOn: (result: Result) => VerdictKind | null = () => VerdictKind.OK;
  readonly pulls: PullXComsRequest[] = [];
  /** What a pull is answered with; throws a `refusal`. Default: nothing was left. */
  pullAnswer: (request: PullXComsRequest) => MessageInitShape<typeof PullXComsResponseSchema> =
    () => ({});
  readonly eventReads: ReadAssetEventsRequest[] = [];
  /** What a body that reads events of assets gets. Default: none. */
  eventsAnswer: (
    request: ReadAssetEventsRequest,
  ) => MessageInitShape<typeof ReadAssetEventsResponseSchema> = () => ({});
  /** What renewals say about attempts. */
  renewalVerdicts: Pick<Verdict, "attemptId" | "kind">[] = [];
  readonly #logs = new Map<string, LogLine[]>();
  readonly #changes = new EventEmitter();
  readonly #server = new Server({ "grpc.max_receive_message_length": -1 });
  readonly #streams = new Map<Stream, { credit: number }>();
  /** Assigned, and no result yet: sent again on every new stream, since they may not have arrived. */
  readonly #held = new Map<string, Assignment>();
  readonly #options: FakeServerOptions;
  #waiting: Assignment[] = [];
  #serial = 0;

  constructor(options: FakeServerOptions = {}) {
    this.#options = options;
    this.#changes.setMaxListeners(0);
    this.#server.addService(grpcDefinition(WorkerService), {
      openSession: unary((request: OpenSessionRequest) => this.#open(request)),
      renewSession: unary((request: RenewSessionRequest) => this.#renew(request)),
      closeSession: unary(({ session }: { session?: SessionRef }) => {
        this.closed.push(session?.sessionId ?? "");
        return this.#changed({});
      }),
      appendLog: unary((request: AppendLogRequest) => this.#append(request)),
      work: (stream: Stream) => this.#work(stream),
      uploadBlob: this.blobs.upload,
      downloadBlob: this.blobs.download,
      pullXComs: unary((request: PullXComsRequest) => {
        this.#check(request.session);
        this.pulls.push(request);
        return this.#changed(this.pullAnswer(request));
      }),
      readAssetEvents: unary((request: ReadAssetEventsRequest) => {
        this.#check(request.session);
        this.eventReads.push(request);
        return this.#changed(this.eventsAnswer(request));
      }),
      downloadBundle: (call: ServerWritableStream<DownloadBundleRequest, unknown>) =>
        this.#download(call),
    });
    this.#server.addService(grpcDefinition(DagService), {
      uploadBundle: unary(({ digest, content }: UploadBundleRequest) => {
        this.bundles.set(digest, content);
        return this.#changed({ stored: true });
      }),
      registerDags: unary((request: RegisterDagsRequest) => this.#register(request)),
    });
  }

  async start(port = 0): Promise<this> {
    const bound = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(
        `127.0.0.1:${port}`,
        ServerCredentials.createInsecure(),
        (error, at) => (error === null ? resolve(at) : reject(error)),
      );
    });
    this.address = `127.0.0.1:${bound}`;
    return this;
  }

  /** At once: connections break. */
  stop(): void {
    this.#server.forceShutdown();
    this.#changes.removeAllListeners();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
  }

  get credit(): number {
    return [...this.#streams.values()].reduce((sum, { credit }) => sum + credit, 0);
  }

  get streams(): number {
    return this.#streams.size;
  }

  /** Hands out work, as soon as there is credit for it. */
  assign(...assignments: MessageInitShape<typeof AssignmentSchema>[]): void {
    this.#waiting.push(...assignments.map((assignment) => create(AssignmentSchema, assignment)));
    this.#hand();
  }

  cancel(...attemptIds: string[]): void {
    this.#say({ case: "cancels", value: { attemptIds } });
  }

  /** Breaks the connection of the work streams, as a restarting server would. */
  breakStreams(): void {
    for (const stream of this.#streams.keys()) stream.emit("error", statusOf("UNAVAILABLE"));
    this.#streams.clear();
  }

  /** Forgets all sessions: workers have to open new ones. */
  expireSessions(): void {
    this.sessions.length = 0;
    for (const stream of this.#streams.keys()) stream.emit("error", statusOf("SESSION_EXPIRED"));
    this.#streams.clear();
  }

  linesOf(attemptId: string): readonly LogLine[] {
    return this.#logs.get(attemptId) ?? [];
  }

  resultsOf(attemptId: string): Result[] {
    return this.results.filter((result) => result.attemptId === attemptId);
  }

  /** The first result of an attempt, once it is there. */
  async result(attemptId: string): Promise<Result> {
    await this.until(() => this.resultsOf(attemptId).length > 0);
    return this.resultsOf(attemptId)[0]!;
  }

  /** Resolves when the condition holds; it is looked at after everything that happens to the server. */
  async until(condition: () => boolean): Promise<void> {
    if (condition()) return;
    for await (const _ of on(this.#changes, "change")) if (condition()) return;
  }

  #open(request: OpenSessionRequest) {
    if (this.refusesSessions !== null) throw refusal(this.refusesSessions);
    const sessionId = `session-${++this.#serial}`;
    this.sessions.push(sessionId);
    this.opened.push(request);
    const { ttlMs = 60_000, renewIntervalMs = 100 } = this.#options;
    return this.#changed({
      sessionId,
      sessionToken: `token of ${sessionId}`,
      ttl: durationFromMs(ttlMs),
      renewInterval: durationFromMs(renewIntervalMs),
    });
  }

  #renew({ session, attemptIds }: RenewSessionRequest) {
    this.#check(session);
    this.renewals.push({ at: performance.now(), attemptIds });
    return this.#changed({ verdicts: this.renewalVerdicts });
  }

  #append({ session, attemptId, lines }: AppendLogRequest) {
    this.#check(session);
    if (this.refusesLogs) throw refusal("UNAVAILABLE");
    const stored = this.#logs.get(attemptId) ?? [];
    this.#logs.set(attemptId, stored);
    for (const line of lines) if (line.seq > BigInt(stored.length)) stored.push(line);
    return this.#changed({ storedThroughSeq: BigInt(stored.length) });
  }

  #register(request: RegisterDagsRequest) {
    if (this.refusesDags !== null) throw refusal(this.refusesDags);
    this.registrations.push(request);
    return this.#changed({ errors: request.errors });
  }

  #work(stream: Stream): void {
    stream.on("data", ({ message }: WorkRequest) => {
      if (message.case === "hello") {
        if (!this.sessions.includes(message.value.session?.sessionId ?? "")) {
          stream.emit("error", statusOf("SESSION_EXPIRED"));
          return;
        }
        stream.sendMetadata(new Metadata());
        const missed = [...this.#held.values()];
        // They use up credit like any other, on both sides.
        this.#streams.set(stream, { credit: -missed.length });
        if (missed.length > 0) this.#send(stream, missed);
      } else if (message.case === "credit") {
        const state = this.#streams.get(stream);
        if (state !== undefined) state.credit += message.value.count;
        this.#hand();
      } else if (message.case === "results") this.#answer(stream, message.value.results);
      this.#changed({});
    });
    const forget = (): void => {
      this.#streams.delete(stream);
      this.#changed({});
    };
    stream.on("cancelled", forget);
    stream.on("end", () => {
      forget();
      stream.end();
    });
  }

  #answer(stream: Stream, results: readonly Result[]): void {
    this.results.push(...results);
    for (const { attemptId } of results) this.#held.delete(attemptId);
    const verdicts = results.flatMap((result) => {
      const kind = this.verdictOn(result);
      return kind === null ? [] : [{ attemptId: result.attemptId, kind }];
    });
    if (verdicts.length > 0) {
      stream.write(
        create(WorkResponseSchema, { message: { case: "verdicts", value: { verdicts } } }),
      );
    }
  }

  #hand(): void {
    for (const [stream, state] of this.#streams) {
      const assignments = this.#waiting.splice(0, Math.max(0, state.credit));
      if (assignments.length === 0) continue;
      state.credit -= assignments.length;
      for (const assignment of assignments) this.#held.set(assignment.attemptId, assignment);
      this.#send(stream, assignments);
    }
  }

  #send(stream: Stream, assignments: Assignment[]): void {
    stream.write(
      create(WorkResponseSchema, { message: { case: "assignments", value: { assignments } } }),
    );
  }

  #say(message: MessageInitShape<typeof WorkResponseSchema>["message"] & object): void {
    for (const stream of this.#streams.keys())
      stream.write(create(WorkResponseSchema, { message }));
  }

  #download(call: ServerWritableStream<DownloadBundleRequest, unknown>): void {
    this.downloads++;
    const content = this.bundles.get(call.request.digest);
    if (content === undefined) {
      call.emit("error", statusOf("BUNDLE_NOT_FOUND"));
      return;
    }
    const pieceBytes = 1024;
    for (let at = 0; at < content.length; at += pieceBytes) {
      call.write({ content: content.subarray(at, at + pieceBytes) });
    }
    call.end();
  }

  #check(session: SessionRef | undefined): void {
    if (!this.sessions.includes(session?.sessionId ?? "")) throw refusal("SESSION_EXPIRED");
  }

  #changed<T>(answer: T): T {
    this.#changes.emit("change");
    return answer;
  }
}
