import { createHash } from "node:crypto";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { attemptIdOf, runIdOf } from "@millrace/wire";
import {
  DagRunService,
  DagService,
  LogLevel,
  LogStream,
  SystemService,
  TaskInstanceService,
  TaskState,
} from "@millrace/wire/v1";
import { VerdictKind, WorkerService } from "@millrace/wire/worker";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { workerLimits } from "../limits.ts";
import { chainSpec, requestId } from "../testing/dag-specs.ts";
import { reasonOf, take } from "../testing/errors.ts";
import { startFakeOwner, type FakeOwner } from "../testing/fake-owner.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";
import { openTestSession, openTestStream } from "../testing/test-worker.ts";

let api: TestApi;
let owner: FakeOwner;
beforeEach(async () => {
  api = await startTestApi();
  owner = startFakeOwner(api);
});
afterEach(async () => {
  owner.stop();
  await api[Symbol.asyncDispose]();
});

const attemptId = (ix: number, runKey = 64): string =>
  attemptIdOf({ shard: 1, runKey, ix, mapIx: -1, attempt: 1 });

async function waitingForLocks({ db }: TestApi): Promise<number | null> {
  const { rowCount } = await db.pool.query(
    "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
  );
  return rowCount;
}

describe("sessions", () => {
  test("the same request id opens the same session", async () => {
    const worker = api.grpc(WorkerService, api.keys.workerKey);
    const request = { requestId: requestId(), protocol: 1, slots: 2, workerName: "w" };
    const first = await worker.openSession(request);
    expect(await worker.openSession(request)).toMatchObject({
      sessionId: first.sessionId,
      sessionToken: first.sessionToken,
    });
    const { workers } = await api.http(SystemService).listWorkers({});
    expect(workers).toMatchObject([
      {
        sessionId: first.sessionId,
        name: "w",
        queues: ["default"],
        slots: 2,
        running: 0,
        node: "node-a",
      },
    ]);
    expect(JSON.stringify(await api.db.prisma.workerSession.findMany())).not.toContain(
      first.sessionToken,
    );
  });

  test("what no session can be is refused", async () => {
    const worker = api.grpc(WorkerService, api.keys.workerKey);
    const open = (more: object) =>
      reasonOf(worker.openSession({ requestId: requestId(), protocol: 1, slots: 1, ...more }));
    expect(await open({ protocol: 2 })).toBe("PROTOCOL_UNSUPPORTED");
    expect(await open({ slots: 0 })).toBe("FIELD_INVALID");
    expect(await open({ slots: 10_001 })).toBe("FIELD_INVALID");
    expect(await open({ requestId: "" })).toBe("REQUEST_ID_MISSING");
  });

  test("a worker key that is limited to queues opens no others", async () => {
    await api.db.prisma.credential.updateMany({
      where: { kind: "worker_key" },
      data: { queues: ["gpu"] },
    });
    const worker = api.grpc(WorkerService, api.keys.workerKey);
    expect(
      await reasonOf(worker.openSession({ requestId: requestId(), protocol: 1, slots: 1 })),
    ).toBe("QUEUE_NOT_ALLOWED");
    await worker.openSession({ requestId: requestId(), protocol: 1, slots: 1, queues: ["gpu"] });
  });

  test("a session is of use only with its token", async () => {
    const { worker, session } = await openTestSession(api);
    expect(
      await reasonOf(
        worker.renewSession({ requestId: requestId(), session: { ...session, sessionToken: "x" } }),
      ),
    ).toBe("UNAUTHENTICATED");
    expect(await reasonOf(worker.renewSession({}))).toBe("FIELD_INVALID");
    expect(
      await reasonOf(
        worker.renewSession({
          requestId: requestId(),
          session: { ...session, sessionId: "ses_x" },
        }),
      ),
    ).toBe("SESSION_EXPIRED");
  });

  test("renewing prolongs a session and asks the owners about what it runs", async () => {
    owner.onInventory = () => [{ attemptId: attemptId(1), kind: VerdictKind.STALE }];
    const { worker, session, key } = await openTestSession(api);
    await api.db.prisma.workerSession.updateMany({ data: { expiresAt: new Date(0) } });
    const { verdicts } = await worker.renewSession({
      requestId: requestId(),
      session,
      attemptIds: [attemptId(0), attemptId(1), "nonsense"],
    });
    expect(verdicts.map((verdict) => [verdict.attemptId, verdict.kind])).toEqual([
      ["nonsense", VerdictKind.STALE],
      [attemptId(1), VerdictKind.STALE],
    ]);
    expect(await owner.inventories.next()).toMatchObject({
      sessionKey: key,
      attemptIds: [attemptId(0), attemptId(1)],
      hasEnded: false,
    });
    const { expiresAt } = await api.db.prisma.workerSession.findFirstOrThrow();
    expect(expiresAt.getTime()).toBeGreaterThan(Date.now());
  });

  // The simulation found it: such an inventory is older than what was given since, and took it for lost.
  test("a renewal that nobody waits for any more prolongs the session, and tells the owners nothing", async () => {
    const { worker, session, key } = await openTestSession(api);
    const busy = await api.db.pool.connect();
    await busy.query("BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0");
    await busy.query("SELECT FROM worker_session FOR UPDATE");
    const given = new AbortController();
    const renewal = (attempt: number) => ({
      ...{ requestId: requestId(), session },
      attemptIds: [attemptId(attempt)],
    });
    const forgotten = worker.renewSession(renewal(0), { signal: given.signal });
    forgotten.catch(() => undefined);
    await expect.poll(() => waitingForLocks(api)).toBe(1);
    given.abort();
    await expect(forgotten).rejects.toThrow();
    // On the same connection: when this is answered, the server has heard of that.
    const other = { ...session, sessionId: "ses_x" };
    await reasonOf(worker.renewSession({ requestId: requestId(), session: other }));
    await busy.query("COMMIT");
    busy.release();
    await worker.renewSession(renewal(1));
    expect(await owner.inventories.next()).toMatchObject({
      sessionKey: key,
      attemptIds: [attemptId(1)],
    });
  });

  test("a session that has ended elsewhere ends here, stream and all", async () => {
    const { worker, session } = await openTestSession(api);
    const stream = openTestStream(api, session);
    stream.send({
      case: "results",
      value: { results: [{ attemptId: "nonsense", outcome: { case: "skipped", value: {} } }] },
    });
    await stream.verdicts.next();
    await api.db.prisma.workerSession.updateMany({ data: { endedAt: new Date() } });
    expect(await reasonOf(worker.renewSession({ requestId: requestId(), session }))).toBe(
      "SESSION_EXPIRED",
    );
    expect(String(await stream.ended)).toContain("FAILED_PRECONDITION");
    expect(await reasonOf(worker.lease({ requestId: requestId(), session, max: 1 }))).toBe(
      "SESSION_EXPIRED",
    );
  });

  test("closing a session tells the owners", async () => {
    const { worker, session, key } = await openTestSession(api);
    await worker.closeSession({ requestId: requestId(), session });
    expect(await owner.inventories.next()).toMatchObject({ sessionKey: key, hasEnded: true });
    expect(await reasonOf(worker.renewSession({ requestId: requestId(), session }))).toBe(
      "SESSION_EXPIRED",
    );
    expect((await api.http(SystemService).listWorkers({})).workers).toEqual([]);
  });
});

describe("work without a stream", () => {
  const succeeded = { case: "succeeded" as const, value: {} };

  test("Lease waits for work, Report brings the verdict", async () => {
    const { worker, session, key } = await openTestSession(api);
    const request = { requestId: requestId(), session, max: 2, wait: durationFromMs(30_000) };
    const leasing = worker.lease(request);
    owner.demand([{ queue: "default", handler: "test", count: 5 }]);
    expect((await owner.grants.next()).grants).toMatchObject([{ slots: 2 }]);
    owner.dispatch({
      assignments: [0, 1].map((ix) => ({
        sessionKey: key,
        assignment: { attemptId: attemptId(ix) },
      })),
    });
    const { assignments } = await leasing;
    expect(assignments.map((each) => each.attemptId)).toEqual([attemptId(0), attemptId(1)]);
    expect((await worker.lease(request)).assignments.map((each) => each.attemptId)).toEqual([
      attemptId(0),
      attemptId(1),
    ]);
    const { verdicts } = await worker.report({
      requestId: requestId(),
      session,
      results: assignments.map((each) => ({ attemptId: each.attemptId, outcome: succeeded })),
    });
    expect(verdicts.map((verdict) => [verdict.attemptId, verdict.kind])).toEqual([
      [attemptId(0), VerdictKind.OK],
      [attemptId(1), VerdictKind.OK],
    ]);
  });

  test("a repeated Lease gives what is still to be confirmed, and never further work", async () => {
    const { worker, session, key } = await openTestSession(api);
    const dispatch = (...ixs: number[]): void =>
      owner.dispatch({
        assignments: ixs.map((ix) => ({
          sessionKey: key,
          assignment: { attemptId: attemptId(ix) },
        })),
      });
    const request = { requestId: requestId(), session, max: 2, wait: durationFromMs(30_000) };
    const ids = async (): Promise<string[]> =>
      (await worker.lease(request)).assignments.map((each) => each.attemptId);
    dispatch(0, 1);
    expect(await ids()).toEqual([attemptId(0), attemptId(1)]);
    dispatch(2);
    const renewal = { requestId: requestId(), session, attemptIds: [attemptId(0)] };
    await worker.renewSession(renewal);
    expect(await ids()).toEqual([attemptId(1)]);
    const next = await worker.lease({ ...request, requestId: requestId() });
    expect(next.assignments.map((each) => each.attemptId)).toEqual([attemptId(2)]);
  });

  test("a Lease without work is empty in time, and what comes too late waits for the next one", async () => {
    const { worker, session, key } = await openTestSession(api);
    expect(
      (await worker.lease({ requestId: requestId(), session, max: 1, wait: durationFromMs(1) }))
        .assignments,
    ).toEqual([]);
    owner.dispatch({ assignments: [{ sessionKey: key, assignment: { attemptId: attemptId(0) } }] });
    const { assignments } = await worker.lease({
      requestId: requestId(),
      session,
      max: 1,
      wait: durationFromMs(30_000),
    });
    expect(assignments).toMatchObject([{ attemptId: attemptId(0) }]);
  });

  test("a Report without an outcome is refused", async () => {
    const { worker, session } = await openTestSession(api);
    expect(
      await reasonOf(
        worker.report({ requestId: requestId(), session, results: [{ attemptId: attemptId(0) }] }),
      ),
    ).toBe("FIELD_INVALID");
  });
});

describe("logs", () => {
  let runKey: number;
  beforeEach(async () => {
    await api
      .grpc(DagService)
      .registerDags({ requestId: requestId(), folder: "f", dags: [chainSpec("logs", ["a"])] });
    const { run } = await api
      .grpc(DagRunService)
      .triggerDagRun({ requestId: requestId(), dagId: "logs" });
    runKey = Number.parseInt(run!.runId.slice(4), 36);
    await api.db.prisma.run.updateMany({ data: { state: 2, startedAt: new Date() } });
    await api.db.prisma.taskInstance.create({
      data: {
        runId: BigInt(runKey),
        ix: 0,
        mapIx: -1,
        state: TaskState.RUNNING,
        attempt: 1,
        sessionKey: 1,
        startedAt: new Date(),
      },
    });
  });

  const lines = (from: number, count: number, message = "line") =>
    Array.from({ length: count }, (_, index) => ({
      seq: BigInt(from + index),
      message: `${message} ${from + index}`,
      level: LogLevel.INFO,
      stream: LogStream.STDOUT,
    }));

  test("lines are stored once, in order, and can be read in pages", async () => {
    const { worker, session } = await openTestSession(api);
    const append = (from: number, count: number) =>
      worker.appendLog({
        requestId: requestId(),
        session,
        attemptId: attemptId(0, runKey),
        lines: lines(from, count),
      });
    expect((await append(1, 3)).storedThroughSeq).toBe(3n);
    expect((await append(1, 3)).storedThroughSeq).toBe(3n);
    expect((await append(2, 4)).storedThroughSeq).toBe(5n);
    expect(await reasonOf(append(7, 1))).toBe("FIELD_INVALID");

    const instances = api.http(TaskInstanceService);
    const runId = runIdOf(runKey);
    const first = await instances.readLogs({ runId, taskId: "a", limit: 2 });
    expect(first).toMatchObject({ hasMore: true, tryNumber: 1 });
    const rest = await instances.readLogs({
      runId,
      taskId: "a",
      afterSeq: first.lines.at(-1)!.seq,
    });
    expect([...first.lines, ...rest.lines].map(({ message }) => message)).toEqual(
      [1, 2, 3, 4, 5].map((n) => `line ${n}`),
    );
    expect(rest.hasMore).toBe(false);
  });

  test("what no attempt can have written is refused", async () => {
    const { worker, session } = await openTestSession(api);
    const append = (id: string, given: ReturnType<typeof lines>) =>
      reasonOf(worker.appendLog({ requestId: requestId(), session, attemptId: id, lines: given }));
    expect(await append("nonsense", lines(1, 1))).toBe("ATTEMPT_UNKNOWN");
    expect(await append(`${attemptId(0, runKey)}.c2.0`, lines(1, 1))).toBe("ATTEMPT_UNKNOWN");
    expect(
      await append(attemptIdOf({ shard: 1, runKey, ix: 0, mapIx: -1, attempt: 2 }), lines(1, 1)),
    ).toBe("ATTEMPT_UNKNOWN");
    expect(await append(attemptId(0, runKey), [...lines(1, 1), ...lines(3, 1)])).toBe(
      "FIELD_INVALID",
    );
    expect(await append(attemptId(0, runKey), lines(1, 1001))).toBe("FIELD_INVALID");
  });

  test("an attempt's log is full at its limit", async () => {
    const { worker, session } = await openTestSession(api);
    const text = "x".repeat(16_000);
    let stored = 0;
    const fill = async (): Promise<void> => {
      for (let from = 1; ; from += 60) {
        const request = {
          requestId: requestId(),
          session,
          attemptId: attemptId(0, runKey),
          lines: lines(from, 60, text),
        };
        stored = Number((await worker.appendLog(request)).storedThroughSeq);
      }
    };
    expect(await reasonOf(fill())).toBe("LOG_LIMIT_REACHED");
    expect(stored * 16_000).toBeGreaterThan(workerLimits.logBytesPerAttempt * 0.8);
  });

  test("a long line is cut, and says so", async () => {
    const { worker, session } = await openTestSession(api);
    await worker.appendLog({
      requestId: requestId(),
      session,
      attemptId: attemptId(0, runKey),
      lines: lines(1, 1, "x".repeat(20_000)),
    });
    const { lines: read } = await api
      .http(TaskInstanceService)
      .readLogs({ runId: runIdOf(runKey), taskId: "a" });
    expect(read[0]?.message).toHaveLength(workerLimits.logLineLength);
    expect(read[0]?.message.endsWith("…")).toBe(true);
  });

  test("following a log brings lines as they come, and ends with the attempt", async () => {
    const { worker, session } = await openTestSession(api);
    const append = (from: number, count: number) =>
      worker.appendLog({
        requestId: requestId(),
        session,
        attemptId: attemptId(0, runKey),
        lines: lines(from, count),
      });
    await append(1, 2);
    const seen: number[] = [];
    for await (const { lines: fresh, tryNumber } of api
      .http(TaskInstanceService)
      .tailLogs({ runId: runIdOf(runKey), taskId: "a" })) {
      expect(tryNumber).toBe(1);
      seen.push(...fresh.map(({ seq }) => Number(seq)));
      if (seen.length === 2) await append(3, 1);
      else
        await api.db.prisma.taskInstance.updateMany({
          data: { state: TaskState.SUCCESS, endedAt: new Date() },
        });
    }
    expect(seen).toEqual([1, 2, 3]);
  });

  test("a follower that leaves is forgotten", async () => {
    const { worker, session } = await openTestSession(api);
    await worker.appendLog({
      requestId: requestId(),
      session,
      attemptId: attemptId(0, runKey),
      lines: lines(1, 1),
    });
    const [first] = await take(
      api.grpc(TaskInstanceService).tailLogs({ runId: runIdOf(runKey), taskId: "a" }),
      1,
    );
    expect(first?.lines).toHaveLength(1);
  });
});

test("a bundle comes down in pieces, whole", async () => {
  const content = Buffer.alloc(2.5 * 1024 * 1024, "bundle");
  const digest = createHash("sha256").update(content).digest("hex");
  await api.grpc(DagService).uploadBundle({ requestId: requestId(), digest, content });
  const { worker, session } = await openTestSession(api);
  const pieces: Uint8Array[] = [];
  for await (const piece of worker.downloadBundle({ session, digest })) pieces.push(piece.content);
  expect(pieces.map((piece) => piece.length)).toEqual([1_048_576, 1_048_576, 524_288]);
  expect(Buffer.concat(pieces).equals(content)).toBe(true);
  expect(await reasonOf(take(worker.downloadBundle({ session, digest: "0".repeat(64) }), 1))).toBe(
    "BUNDLE_NOT_FOUND",
  );
});
