/** The worker's one connection to a server. */

import { anyUnpack } from "@bufbuild/protobuf/wkt";
import {
  fromBinary,
  create,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import {
  Client,
  credentials,
  Metadata,
  status,
  type ChannelCredentials,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientWritableStream,
  type ServiceError,
} from "@grpc/grpc-js";
import { isMillraceError, MillraceError, reasons, type ReasonName } from "@millrace/engine";
import { grpcDefinition } from "@millrace/wire/grpc";
import { ErrorInfoSchema, StatusSchema } from "@millrace/wire/v1";
import {
  UploadBlobRequestSchema,
  WorkerService,
  type DownloadBlobResponse,
  type DownloadBundleResponse,
  type UploadBlobRequest,
  type UploadBlobResponse,
  type WorkRequest,
  type WorkResponse,
} from "@millrace/wire/worker";
import type { DescMethodUnary } from "@bufbuild/protobuf";
import {
  callTimeoutMs,
  downloadTimeoutMs,
  keepaliveMs,
  messageBytesMax,
  transferTimeoutMs,
} from "./limits.ts";

export type ServerOptions = {
  /** "host:port" of the server's gRPC port. */
  readonly server: string;
  /** Sent with every call. */
  readonly key: string;
  /**
   * PEM text of the authorities to trust; default those of the system. A server on this machine (localhost, 127.*, ::1)
   * is spoken to in the clear unless this is set.
   */
  readonly tlsCa?: string | undefined;
  /** Speaks in the clear to a server elsewhere, for networks that protect themselves. Default false. */
  readonly plaintext?: boolean | undefined;
};

export type Connection = {
  /** @throws MillraceError with the server's reason; UNAVAILABLE where none was given. */
  call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    timeoutMs?: number,
  ): Promise<MessageShape<O>>;
  work(): ClientDuplexStream<WorkRequest, WorkResponse>;
  download(request: {
    sessionId: string;
    sessionToken: string;
    digest: string;
  }): ClientReadableStream<DownloadBundleResponse>;
  /**
   * Sends a value in pieces, the first of them with what it is, and gives its key.
   *
   * @throws MillraceError with the server's reason; UNAVAILABLE where none was given.
   */
  uploadBlob(first: BlobUpload, pieces: Iterable<Uint8Array>): Promise<string>;
  downloadBlob(request: {
    readonly session: SessionOf;
    readonly key: string;
  }): AsyncIterable<DownloadBlobResponse>;
  close(): void;
};

type SessionOf = { readonly sessionId: string; readonly sessionToken: string };

export type BlobUpload = {
  readonly session: SessionOf;
  readonly attemptId: string;
  /** SHA-256 of the whole, hex. */
  readonly digest: string;
  readonly size: bigint;
};

/** Where the server is may become known later: calls wait for it, streams are opened after the first call. */
export function connect(options: ServerOptions | Promise<ServerOptions>): Connection {
  let opened: Opened | null = null;
  let isClosed = false;
  const opening = Promise.resolve(options).then((server) => {
    opened = open(server);
    if (isClosed) opened.client.close();
    return opened;
  });
  // Whoever waits for it hears of it.
  opening.catch(() => undefined);
  const present = (): Opened => {
    if (opened === null) throw new Error("A stream was opened before the server was known.");
    return opened;
  };
  const worker = grpcDefinition(WorkerService);
  return {
    async call(method, request, timeoutMs = callTimeoutMs) {
      const rpc = grpcDefinition(method.parent)[method.localName];
      if (rpc === undefined) throw new Error(`No definition of ${method.name}`);
      const { client, metadata } = await opening;
      return new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          rpc.path,
          rpc.requestSerialize,
          rpc.responseDeserialize,
          create(method.input, request),
          metadata(),
          { deadline: Date.now() + timeoutMs },
          (error, response) => {
            if (error !== null) reject(errorFromStatus(error));
            else resolve(response as MessageShape<typeof method.output>);
          },
        );
      });
    },
    work() {
      const rpc = worker["work"]!;
      const { client, metadata } = present();
      return client.makeBidiStreamRequest(
        rpc.path,
        rpc.requestSerialize,
        rpc.responseDeserialize,
        metadata(),
      ) as ClientDuplexStream<WorkRequest, WorkResponse>;
    },
    download({ sessionId, sessionToken, digest }) {
      const method = WorkerService.method.downloadBundle;
      const rpc = worker["downloadBundle"]!;
      const { client, metadata } = present();
      return client.makeServerStreamRequest(
        rpc.path,
        rpc.requestSerialize,
        rpc.responseDeserialize,
        create(method.input, { session: { sessionId, sessionToken }, digest }),
        metadata(),
        { deadline: Date.now() + downloadTimeoutMs },
      ) as ClientReadableStream<DownloadBundleResponse>;
    },
    uploadBlob(first, pieces) {
      const { client, metadata } = present();
      const rpc = worker["uploadBlob"]!;
      return new Promise((resolve, reject) => {
        const call = client.makeClientStreamRequest(
          rpc.path,
          rpc.requestSerialize,
          rpc.responseDeserialize,
          metadata(),
          { deadline: Date.now() + transferTimeoutMs },
          (error, response) => {
            call.emit("answered");
            if (error !== null) reject(errorFromStatus(error));
            else resolve((response as UploadBlobResponse).key);
          },
        ) as ClientWritableStream<UploadBlobRequest>;
        void writePieces(call, refOf(first), pieces);
      });
    },
    downloadBlob({ session, key }) {
      const { client, metadata } = present();
      const method = WorkerService.method.downloadBlob;
      const rpc = worker["downloadBlob"]!;
      return client.makeServerStreamRequest(
        rpc.path,
        rpc.requestSerialize,
        rpc.responseDeserialize,
        create(method.input, { session: sessionRef(session), key }),
        metadata(),
        { deadline: Date.now() + transferTimeoutMs },
      ) as ClientReadableStream<DownloadBlobResponse>;
    },
    close() {
      isClosed = true;
      opened?.client.close();
    },
  };
}

/** No faster than they are taken; ends early when the answer comes before the last piece. */
async function writePieces(
  call: ClientWritableStream<UploadBlobRequest>,
  first: MessageInitShape<typeof UploadBlobRequestSchema>,
  pieces: Iterable<Uint8Array>,
): Promise<void> {
  let isAnswered = false;
  let wake = (): void => undefined;
  call.on("answered", () => {
    isAnswered = true;
    wake();
  });
  // What went wrong is in the answer.
  call.on("error", () => undefined);
  call.on("drain", () => wake());
  let head: MessageInitShape<typeof UploadBlobRequestSchema> = first;
  for (const piece of pieces) {
    if (isAnswered) return;
    const content = Uint8Array.from(piece);
    const isTaken = call.write(create(UploadBlobRequestSchema, { ...head, content }));
    head = {};
    if (!isTaken) await new Promise<void>((resolve) => (wake = resolve));
  }
  if (!isAnswered) call.end();
}

function refOf({
  session,
  ...first
}: BlobUpload): MessageInitShape<typeof UploadBlobRequestSchema> {
  return { ...first, session: sessionRef(session) };
}

function sessionRef({ sessionId, sessionToken }: SessionOf): SessionOf {
  return { sessionId, sessionToken };
}

type Opened = { readonly client: Client; metadata(): Metadata };

function open(options: ServerOptions): Opened {
  const client = new Client(options.server, credentialsFor(options), {
    "grpc.keepalive_time_ms": keepaliveMs,
    "grpc.keepalive_timeout_ms": callTimeoutMs,
    "grpc.keepalive_permit_without_calls": 1,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 2_000,
    "grpc.max_receive_message_length": messageBytesMax,
    "grpc.max_send_message_length": messageBytesMax,
  });
  return {
    client,
    metadata() {
      const fresh = new Metadata();
      fresh.set("authorization", `Bearer ${options.key}`);
      return fresh;
    },
  };
}

/** The error of a call as ours: with the server's reason, or UNAVAILABLE where the answer did not come from a server of ours. */
export function errorFromStatus(error: ServiceError): MillraceError {
  const reason = reasonOf(error);
  if (reason !== null) return new MillraceError(reason, error.details, { cause: error });
  const plain = codeReasons.get(error.code) ?? "UNAVAILABLE";
  return new MillraceError(plain, `${status[error.code] ?? error.code}: ${error.details}`, {
    cause: error,
  });
}

/** Whether asking again cannot help: the key, the queues or the protocol are refused. */
export function isRefusal(error: unknown): boolean {
  return isMillraceError(error) && refusals.has(error.reason);
}

const refusals: ReadonlySet<ReasonName> = new Set([
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  "QUEUE_NOT_ALLOWED",
  "PROTOCOL_UNSUPPORTED",
  "FIELD_INVALID",
]);

/** Where a proxy answered in the place of a server. */
const codeReasons: ReadonlyMap<number, ReasonName> = new Map([
  [status.UNAUTHENTICATED, "UNAUTHENTICATED"],
  [status.PERMISSION_DENIED, "PERMISSION_DENIED"],
]);

function reasonOf(error: ServiceError): ReasonName | null {
  const details = error.metadata?.get("grpc-status-details-bin")[0];
  if (!(details instanceof Uint8Array)) return null;
  for (const detail of fromBinary(StatusSchema, details).details) {
    const info = anyUnpack(detail, ErrorInfoSchema);
    if (info !== undefined && Object.hasOwn(reasons, info.reason)) return info.reason as ReasonName;
  }
  return null;
}

function credentialsFor(options: ServerOptions): ChannelCredentials {
  if (options.tlsCa !== undefined) return credentials.createSsl(Buffer.from(options.tlsCa));
  const host = options.server.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  const isLocal = host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
  return isLocal || options.plaintext === true
    ? credentials.createInsecure()
    : credentials.createSsl();
}
