import { attemptIdOf } from "@millrace/wire";
import { StaleReason, VerdictKind } from "@millrace/wire/worker";
import { afterEach, beforeEach, expect, test } from "vitest";
import { requestId } from "../testing/dag-specs.ts";
import { startFakeOwner, type FakeOwner } from "../testing/fake-owner.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";
import { openTestSession, openTestStream } from "../testing/test-worker.ts";
import { freeSlots } from "./session.ts";
import { createSessions } from "./sessions.ts";

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

const attemptId = (ix: number): string =>
  attemptIdOf({ shard: 1, runKey: 64, ix, mapIx: -1, attempt: 1 });
const succeeded = (ix: number) => ({
  attemptId: attemptId(ix),
  outcome: {
    case: "succeeded" as const,
    value: { returnValue: { data: new TextEncoder().encode("1") } },
  },
});

test("credit goes to the owner that has work, and its assignments come back over the stream", async () => {
  const { session, key } = await openTestSession(api);
  const stream = openTestStream(api, session);
  stream.send({ case: "credit", value: { count: 4 } });
  owner.demand([{ queue: "default", handler: "test", count: 2 }]);

  const { grants } = await owner.grants.next();
  expect(grants).toMatchObject([
    { sessionKey: key, slots: 2, queues: ["default"], handlers: ["test"], runsBundles: true },
  ]);
  owner.dispatch({
    assignments: [{ sessionKey: key, assignment: { attemptId: attemptId(0), taskId: "a" } }],
  });
  expect(await stream.assignments.next()).toMatchObject({ attemptId: attemptId(0), taskId: "a" });
  stream.close();
});

test("a result travels with the slots that its worker's credit frees, and gets its verdict", async () => {
  const { session, key } = await openTestSession(api);
  const stream = openTestStream(api, session);
  stream.send({ case: "results", value: { results: [succeeded(0)] } });
  stream.send({ case: "credit", value: { count: 1 } });

  const batch = await owner.results.next();
  expect(batch.results).toMatchObject([{ sessionKey: key, result: { attemptId: attemptId(0) } }]);
  expect(batch.grants).toMatchObject([{ sessionKey: key, slots: 1 }]);
  expect(await stream.verdicts.next()).toMatchObject({
    attemptId: attemptId(0),
    kind: VerdictKind.OK,
  });
  stream.close();
});

test("a result travels with slots that were free before it", async () => {
  const { session, key } = await openTestSession(api);
  const stream = openTestStream(api, session);
  stream.send({ case: "credit", value: { count: 4 } });
  owner.demand([{ queue: "default", handler: "test", count: 1 }]);
  await owner.grants.next();
  owner.dispatch({
    assignments: [{ sessionKey: key, assignment: { attemptId: attemptId(0), taskId: "a" } }],
  });
  await stream.assignments.next();

  stream.send({ case: "results", value: { results: [succeeded(0)] } });
  expect((await owner.results.next()).grants).toMatchObject([{ sessionKey: key, slots: 1 }]);
  stream.close();
});

test("a result without credit frees no slot", async () => {
  const { session } = await openTestSession(api);
  const stream = openTestStream(api, session);
  stream.send({ case: "results", value: { results: [succeeded(0)] } });
  expect((await owner.results.next()).grants).toEqual([]);
  stream.close();
});

test("slots that an owner gives back go to another that has work", async () => {
  const other = startFakeOwner(api, "owner-b");
  owner.beat();
  const { session, key } = await openTestSession(api);
  const stream = openTestStream(api, session);
  owner.demand([{ queue: "default", handler: "test", count: 5 }]);
  stream.send({ case: "credit", value: { count: 2 } });
  expect((await owner.grants.next()).grants).toMatchObject([{ slots: 2 }]);
  other.demand([{ queue: "default", handler: "test", count: 5 }]);
  owner.dispatch({ returned: [{ sessionKey: key, slots: 2 }] });
  expect((await other.grants.next()).grants).toMatchObject([{ sessionKey: key, slots: 2 }]);
  other.stop();
  stream.close();
});

test("an owner gets no slots for queues and handlers that the session does not serve", async () => {
  const { session } = await openTestSession(api);
  const stream = openTestStream(api, session);
  owner.demand([
    { queue: "gpu", handler: "", count: 5 },
    { queue: "default", handler: "other", count: 5 },
  ]);
  stream.send({ case: "credit", value: { count: 2 } });
  owner.demand([{ queue: "default", handler: "", count: 1 }]);
  expect((await owner.grants.next()).grants).toMatchObject([{ slots: 1 }]);
  stream.close();
});

test("a result whose owner has lost the shard goes to the new owner, and the worker sees one verdict", async () => {
  const other = startFakeOwner(api, "owner-b");
  owner.beat();
  owner.onResult = () => {
    owner.beat([]);
    other.beat();
    return VerdictKind.UNSPECIFIED;
  };
  const { session } = await openTestSession(api);
  const stream = openTestStream(api, session);
  stream.send({ case: "results", value: { results: [succeeded(0)] } });
  expect((await other.results.next()).results).toHaveLength(1);
  expect(await stream.verdicts.next()).toMatchObject({ kind: VerdictKind.OK });
  expect(stream.verdicts.waiting).toEqual([]);
  other.stop();
  stream.close();
});

test("an attempt id that is none is stale", async () => {
  const { worker, session } = await openTestSession(api);
  const { verdicts } = await worker.report({
    requestId: requestId(),
    session,
    results: [{ ...succeeded(0), attemptId: "nonsense" }],
  });
  expect(verdicts).toMatchObject([
    { attemptId: "nonsense", kind: VerdictKind.STALE, staleReason: StaleReason.UNSPECIFIED },
  ]);
});

test("a return value over its limit becomes a failure that says so", async () => {
  const { worker, session } = await openTestSession(api);
  const big = {
    case: "succeeded" as const,
    value: { returnValue: { data: new Uint8Array(256 * 1024 + 1) } },
  };
  const { verdicts } = await worker.report({
    requestId: requestId(),
    session,
    results: [{ attemptId: attemptId(0), outcome: big }],
  });
  expect(verdicts).toMatchObject([{ kind: VerdictKind.OK }]);
  const [sent] = (await owner.results.next()).results;
  expect(sent?.result?.outcome).toMatchObject({
    case: "failed",
    value: { type: "VALUE_TOO_LARGE", retryable: false },
  });
});

test("assignments that came while the stream was broken are sent when it is opened again", async () => {
  const { session, key } = await openTestSession(api);
  const broken = openTestStream(api, session);
  broken.send({ case: "credit", value: { count: 1 } });
  owner.demand([{ queue: "default", handler: "test", count: 1 }]);
  await owner.grants.next();
  broken.cancel();
  await broken.ended;
  owner.dispatch({ assignments: [{ sessionKey: key, assignment: { attemptId: attemptId(0) } }] });
  const again = openTestStream(api, session);
  expect(await again.assignments.next()).toMatchObject({ attemptId: attemptId(0) });
  again.close();
});

test("a second stream of a session ends the first", async () => {
  const { session } = await openTestSession(api);
  const first = openTestStream(api, session);
  first.send({ case: "results", value: { results: [succeeded(0)] } });
  await first.verdicts.next();
  const second = openTestStream(api, session);
  expect(await first.ended).toBeNull();
  second.close();
});

test("cancels reach the worker over its stream", async () => {
  const { session, key } = await openTestSession(api);
  const stream = openTestStream(api, session);
  stream.send({ case: "results", value: { results: [succeeded(0)] } });
  await stream.verdicts.next();
  owner.dispatch({ cancels: [{ sessionKey: key, attemptId: attemptId(3) }] });
  expect(await stream.cancels.next()).toBe(attemptId(3));
  stream.close();
});

test("a stream that does not begin with hello is refused", async () => {
  const stream = openTestStream(api, null);
  stream.send({ case: "credit", value: { count: 1 } });
  expect(String(await stream.ended)).toContain("INVALID_ARGUMENT");
});

test("half-closing waits for the verdicts of what was sent", async () => {
  const { session } = await openTestSession(api);
  const stream = openTestStream(api, session);
  stream.send({ case: "results", value: { results: [succeeded(0), succeeded(1)] } });
  stream.close();
  expect(await stream.ended).toBeNull();
  expect(stream.verdicts.waiting).toHaveLength(2);
});

test("a session whose time is over gets no work until it is renewed", async () => {
  const { worker, session } = await openTestSession(api);
  const sessions = createSessions(api.db);
  const known = await sessions.require({ $typeName: "millrace.worker.v1.SessionRef", ...session });
  known.credit = 4;
  known.aliveAtMs = Number.NEGATIVE_INFINITY;
  await sessions.findOverdue();
  expect(freeSlots(known)).toBe(4);
  await api.db.prisma.workerSession.updateMany({ data: { expiresAt: new Date(0) } });
  known.aliveAtMs = Number.NEGATIVE_INFINITY;
  await sessions.findOverdue();
  expect(freeSlots(known)).toBe(0);
  await worker.renewSession({ requestId: requestId(), session });
  expect(
    await api.db.prisma.workerSession.count({ where: { expiresAt: { gt: new Date() } } }),
  ).toBe(1);
});
