/** A worker that does what a test tells it. */

import { create } from "@bufbuild/protobuf";
import {
  credentials,
  makeGenericClientConstructor,
  Metadata,
  type ClientDuplexStream,
} from "@grpc/grpc-js";
import { grpcDefinition } from "@millrace/wire/grpc";
import {
  WorkerService,
  WorkRequestSchema,
  type Assignment,
  type SessionRef,
  type Verdict,
  type WorkRequest,
  type WorkResponse,
} from "@millrace/wire/worker";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { requestId } from "./dag-specs.ts";
import { createInbox, type Inbox } from "./inbox.ts";
import type { TestApi } from "./test-api.ts";

export type TestStream = {
  readonly assignments: Inbox<Assignment>;
  readonly verdicts: Inbox<Verdict>;
  readonly cancels: Inbox<string>;
  /** The stream's end: its error's reason, or null when it ended well. */
  readonly ended: Promise<Error | null>;
  send(message: NonNullable<MessageInitShape<typeof WorkRequestSchema>["message"]>): void;
  close(): void;
  cancel(): void;
};

export async function openTestSession(
  api: TestApi,
  more: { queues?: string[]; handlers?: string[]; slots?: number } = {},
) {
  const worker = api.grpc(WorkerService, api.keys.workerKey);
  const opened = await worker.openSession({
    requestId: requestId(),
    workerName: "tester",
    sdk: "test 0",
    protocol: 1,
    runsBundles: true,
    handlers: ["test"],
    slots: 4,
    ...more,
  });
  const session = { sessionId: opened.sessionId, sessionToken: opened.sessionToken };
  const { key } = await api.db.prisma.workerSession.findUniqueOrThrow({
    where: { sessionId: opened.sessionId },
  });
  return { worker, session, key: BigInt(key) };
}

const Client = makeGenericClientConstructor(grpcDefinition(WorkerService), "WorkerService");

export function openTestStream(
  api: TestApi,
  session: Omit<SessionRef, "$typeName" | "$unknown"> | null,
): TestStream {
  const client = new Client(`127.0.0.1:${api.api.grpcPort}`, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${api.keys.workerKey}`);
  const call = (
    client as unknown as { work(metadata: Metadata): ClientDuplexStream<WorkRequest, WorkResponse> }
  ).work(metadata);
  const stream: TestStream = {
    assignments: createInbox(),
    verdicts: createInbox(),
    cancels: createInbox(),
    ended: new Promise((resolve) => {
      call.on("error", (error) => resolve(error));
      call.on("end", () => resolve(null));
    }),
    send: (message) => void call.write(create(WorkRequestSchema, { message })),
    close: () => void call.end(),
    cancel: () => call.cancel(),
  };
  call.on("data", ({ message }: WorkResponse) => {
    if (message.case === "assignments")
      for (const each of message.value.assignments) stream.assignments.put(each);
    if (message.case === "verdicts")
      for (const each of message.value.verdicts) stream.verdicts.put(each);
    if (message.case === "cancels")
      for (const each of message.value.attemptIds) stream.cancels.put(each);
  });
  void stream.ended.then(() => client.close());
  if (session !== null) stream.send({ case: "hello", value: { session } });
  return stream;
}
