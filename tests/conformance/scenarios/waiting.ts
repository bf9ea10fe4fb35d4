/**
 * Bodies that give their slot back and wait, and workers that watch for them.
 *
 * The handlers: `wait(word)` defers for what the word says, `wait_and_go_on(word)` too, with a timeout, a state and a
 * function that goes on; `leave(word)` leaves the XCom `left` and ends as the word says; `token()` returns its task token.
 * A triggerer has two triggers of its own, `add` and `fail`. What each says exactly is in `workers/typescript.ts`.
 */

import { createServer } from "node:http";
import { writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import { writeFileAtomically } from "@millrace/operators";
import {
  FailureKind,
  SensorMode,
  TaskControl,
  TimeoutOutcome,
  type Deferral,
} from "@millrace/wire/v1";
import { VerdictKind, type Result } from "@millrace/wire/worker";
import { expect, test } from "vitest";
import { Bench, queue, slots, succeededOf, valueOf } from "../bench.ts";
import type { WorkerUnderTest } from "../workers/table.ts";

const utf8 = new TextEncoder();
const textOf = new TextDecoder();

export function waiting(worker: WorkerUnderTest): void {
  test("a body defers for a moment, a token, a person, and what a triggerer watches", async () => {
    await using bench = await Bench.start(worker);
    const words = ["at", "after", "token", "input", "http", "file", "custom"];
    for (const word of words) bench.server.assign(bench.task(word, "wait", [word]));
    const triggerOf = async (word: string) => deferralOf(await bench.server.result(word)).trigger;
    expect(await triggerOf("at")).toMatchObject({
      case: "time",
      value: { moment: { case: "at", value: { seconds: 1767225600n } } },
    });
    expect(await triggerOf("after")).toMatchObject({
      case: "time",
      value: { moment: { case: "after", value: { seconds: 90n } } },
    });
    expect(await triggerOf("token")).toMatchObject({
      case: "token",
      value: { heartbeat: { seconds: 60n } },
    });
    const input = await triggerOf("input");
    const form = input.case === "input" ? input.value.form : undefined;
    expect(form).toMatchObject({
      subject: "How many?",
      body: "**now**",
      assignees: ["user:anna"],
    });
    expect(JSON.parse(form!.schema)).toMatchObject({ type: "object" });
    expect(jsonOf(form!.defaults?.data)).toEqual({ copies: 2 });
    expect(watchOf(await triggerOf("http"))).toEqual({
      handler: "http",
      summary: "POST https://a.example/jobs/7",
      config: {
        url: "https://a.example/jobs/7?key=secret",
        method: "POST",
        headers: { authorization: { env: "TOKEN" } },
        body: "{}",
        intervalMs: 5000,
        status: [200, 202],
        until: { path: ["job", "state"], equals: "done" },
      },
    });
    expect(watchOf(await triggerOf("file"))).toEqual({
      handler: "file",
      summary: "/in/orders.csv",
      config: { path: "/in/orders.csv", intervalMs: 5000 },
    });
    expect(watchOf(await triggerOf("custom"))).toEqual({
      handler: "add",
      summary: "one and two",
      config: { one: 1, two: 2 },
    });
  });

  test("a deferral says how long, what then, and whether a worker goes on, and frees the slot", async () => {
    await using bench = await Bench.start(worker);
    await bench.server.until(() => bench.server.creditLeft === slots, "credit");
    bench.server.assign(
      bench.task("a1", "wait", ["token"]),
      bench.task("a2", "wait_and_go_on", ["token"]),
      bench.task("a3", "wait", ["input"]),
    );
    const plain = deferralOf(await bench.server.result("a1"));
    expect(plain).toMatchObject({ onTimeout: TimeoutOutcome.FAIL, resumes: false });
    expect(plain.timeout).toBeUndefined();
    expect(plain.state).toBeUndefined();
    const full = deferralOf(await bench.server.result("a2"));
    expect(full).toMatchObject({
      timeout: { seconds: 7200n },
      onTimeout: TimeoutOutcome.FAIL_FOR_GOOD,
      resumes: true,
    });
    expect(jsonOf(full.state?.data)).toEqual({
      since: { $: "date", v: "1970-01-01T00:00:00.000Z" },
    });
    // An answer is ready for when nobody gives one.
    expect(deferralOf(await bench.server.result("a3")).onTimeout).toBe(TimeoutOutcome.FULFIL);
    await bench.server.until(() => bench.server.creditLeft === slots, "the slots");
  });

  test("a task that chooses, or names its instances, goes on in a worker", async () => {
    await using bench = await Bench.start(worker);
    bench.server.assign(
      bench.task("a1", "wait", ["token"], { control: TaskControl.BRANCH, cases: ["b"] }),
      bench.task("a2", "wait", ["token"], { control: TaskControl.SHORT_CIRCUIT }),
      bench.task("a3", "wait", ["token"], { mapIndex: 0, mapIndexTemplate: "{{ ds }}" }),
    );
    for (const attemptId of ["a1", "a2", "a3"]) {
      expect(deferralOf(await bench.server.result(attemptId)).resumes).toBe(true);
    }
  });

  test("a body goes on with the event and its state, defers again, and fails like any", async () => {
    await using bench = await Bench.start(worker);
    const goOn = (id: string, event: unknown, state?: unknown) =>
      bench.task(id, "wait_and_go_on", ["token"], { ...resumption(event, state), tryNumber: 2 });
    bench.server.assign(
      goOn("a1", { score: 3 }, ["state"]),
      goOn("a2", undefined),
      goOn("a3", "again"),
      goOn("a4", "fail"),
    );
    expect(valueOf(await bench.server.result("a1"))).toEqual([{ score: 3 }, ["state"], 2]);
    expect(valueOf(await bench.server.result("a2"))).toEqual([null, null, 2]);
    const again = deferralOf(await bench.server.result("a3"));
    expect(again.resumes).toBe(true);
    expect(jsonOf(again.state?.data)).toBe("again");
    expect(failureOf(await bench.server.result("a4"))).toMatchObject({
      kind: FailureKind.APPLICATION,
      retryable: false,
    });
  });

  test("without a function that goes on, the event is the value, and is read like any", async () => {
    await using bench = await Bench.start(worker);
    bench.server.assign(
      bench.task("a1", "wait", ["token"], {
        ...resumption({ rows: [1, 2] }),
        measuredPaths: [utf8.encode('["rows"]')],
      }),
      bench.task("a2", "wait", ["token"], {
        ...resumption("b"),
        control: TaskControl.BRANCH,
        cases: ["a", "b"],
      }),
    );
    const measured = await bench.server.result("a1");
    expect(valueOf(measured)).toEqual({ rows: [1, 2] });
    expect(succeededOf(measured).lengths).toEqual([2]);
    expect(succeededOf(await bench.server.result("a2")).choice?.cases).toEqual(["b"]);
  });

  test("what a body left comes with a failure, a skip and a deferral too", async () => {
    await using bench = await Bench.start(worker);
    const words = ["fail", "skip", "defer", "return"];
    for (const word of words) bench.server.assign(bench.task(word, "leave", [word]));
    const cases: (string | undefined)[] = [];
    for (const word of words) {
      const { outcome, xcoms } = await bench.server.result(word);
      cases.push(outcome.case);
      expect(jsonOf(xcoms["left"]?.data)).toBe(word);
    }
    expect(cases).toEqual(["failed", "skipped", "deferred", "succeeded"]);
  });

  test("a body gets the token of its attempt", async () => {
    await using bench = await Bench.start(worker);
    bench.server.assign(bench.task("a1", "token"));
    expect(valueOf(await bench.server.result("a1"))).toBe("token-of-a1");
  });

  test("a sensor that defers waits for what is left of its timeout, and ends as that does", async () => {
    await using bench = await Bench.start(worker);
    const sensor = (softFail: boolean) => ({
      sensor: { mode: SensorMode.POKE, timeout: durationFromMs(600_000), softFail },
      tryAge: durationFromMs(400_000),
    });
    bench.server.assign(
      bench.task("a1", "wait", ["file"], sensor(false)),
      bench.task("a2", "wait", ["file"], sensor(true)),
      bench.task("a3", "wait", ["file"], { ...sensor(false), ...resumption("found") }),
    );
    const hard = deferralOf(await bench.server.result("a1"));
    expect(durationMs(hard.timeout!)).toBeLessThanOrEqual(200_000);
    expect(durationMs(hard.timeout!)).toBeGreaterThan(170_000);
    expect(hard.onTimeout).toBe(TimeoutOutcome.FAIL_FOR_GOOD);
    const soft = deferralOf(await bench.server.result("a2"));
    expect(soft.onTimeout).toBe(TimeoutOutcome.SKIP);
    expect(valueOf(await bench.server.result("a3"))).toBe("found");
  });
}

export function triggers(worker: WorkerUnderTest): void {
  const start = () => Bench.start(worker, { isTriggerer: true });
  const watch = (bench: Bench, attemptId: string, handler: string, config: unknown, more = {}) =>
    bench.task(attemptId, `trigger/${handler}`, [config], { taskId: "t", ...more });
  const never = { path: "/nowhere/at/all", intervalMs: 60_000 };

  test("a triggerer announces what it watches for, its queue and its slots, and runs no bundles", async () => {
    await using bench = await start();
    await bench.server.until(() => bench.server.creditLeft === slots, "credit");
    const [announced] = bench.server.opened;
    expect(announced).toMatchObject({ queues: [queue], slots, runsBundles: false });
    expect(announced?.handlers).toEqual(
      expect.arrayContaining(["trigger/http", "trigger/file", "trigger/add", "trigger/fail"]),
    );
  });

  test("it reports a file that has come, with path, size and time", async () => {
    await using bench = await start();
    const file = path.join(bench.folder, "orders.csv");
    bench.server.assign(watch(bench, "w1", "file", { path: file, intervalMs: 1000 }));
    await bench.server.untilHeld("w1");
    await writeFileAtomically(file, "1,2");
    expect(valueOf(await bench.server.result("w1"))).toMatchObject({
      path: file,
      size: 3,
      modifiedAt: { $: "date" },
    });
  });

  test("it reports the answer of a URL that is waited for, and fails on a refusal", async () => {
    await using bench = await start();
    let asked = 0;
    const site = createServer((request, response) => {
      const isReady = ++asked > 1;
      const statuses: Record<string, number> = { "/refuses": 403, "/job": isReady ? 200 : 404 };
      response.writeHead(statuses[request.url ?? ""] ?? 500, {
        "content-type": "application/json",
      });
      response.end('{"state":"done"}');
    });
    await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    try {
      const until = { path: ["state"], equals: "done" };
      bench.server.assign(
        watch(bench, "w1", "http", { url: `${url}/job`, intervalMs: 1000, until }),
      );
      expect(valueOf(await bench.server.result("w1"))).toEqual({
        status: 200,
        body: { state: "done" },
      });
      bench.server.assign(watch(bench, "w2", "http", { url: `${url}/refuses` }));
      const failure = failureOf(await bench.server.result("w2"));
      expect(failure.message).toContain("403");
      expect(failure.retryable).toBe(true);
    } finally {
      site.closeAllConnections();
      site.close();
    }
  });

  test("it reports what its own triggers bring, or that they failed, and measures lists", async () => {
    await using bench = await start();
    bench.server.assign(
      watch(bench, "w1", "add", { one: 1, two: 2 }),
      watch(bench, "w2", "fail", null),
      watch(bench, "w3", "add", { one: 1, two: 2 }, { measuredPaths: [utf8.encode("[]")] }),
    );
    expect(valueOf(await bench.server.result("w1"))).toBe(3);
    expect(failureOf(await bench.server.result("w2"))).toMatchObject({
      kind: FailureKind.APPLICATION,
      message: "no rows",
    });
    expect(failureOf(await bench.server.result("w3")).kind).toBe(FailureKind.SETUP);
  });

  test("it gives back a watch that it is told to stop, and drops one that is another's", async () => {
    await using bench = await start();
    bench.server.assign(watch(bench, "w1", "file", never), watch(bench, "w2", "file", never));
    await bench.server.untilHeld("w2");
    bench.server.cancel("w1");
    expect((await bench.server.result("w1")).outcome.case).toBe("returned");
    bench.server.renewalVerdicts = [{ attemptId: "w2", kind: VerdictKind.STALE }];
    await bench.server.until(() => !bench.server.holds("w2"), "w2 to be dropped");
    expect(bench.server.resultsOf("w2")).toEqual([]);
  });

  test("it watches a repeated assignment once, and a new session keeps it", async () => {
    await using bench = await start();
    const file = path.join(bench.folder, "late");
    const assignment = watch(bench, "w1", "file", { path: file, intervalMs: 1000 });
    bench.server.assign(assignment);
    await bench.server.untilHeld("w1");
    bench.server.sayAssignments(assignment);
    bench.server.expireSessions();
    await bench.server.until(() => bench.server.streamSessions.length > 1, "a new session");
    writeFileSync(file, "");
    await bench.server.result("w1");
    await bench.server.untilRenewedTwice();
    expect(bench.server.resultsOf("w1")).toHaveLength(1);
  });

  test("SIGTERM gives everything back and ends the session", async () => {
    await using bench = await start();
    bench.server.assign(watch(bench, "w1", "file", never), watch(bench, "w2", "file", never));
    await bench.server.untilHeld("w2");
    bench.process.kill("SIGTERM");
    await bench.exitCode();
    const { results } = bench.server;
    expect(results.map(({ attemptId }) => attemptId).toSorted()).toEqual(["w1", "w2"]);
    expect(results.every(({ outcome }) => outcome.case === "returned")).toBe(true);
    expect(bench.server.closed).toHaveLength(1);
  });
}

function deferralOf({ outcome }: Result): Deferral {
  if (outcome.case === "deferred") return outcome.value;
  const why = outcome.case === "failed" ? outcome.value.message : outcome.case;
  throw new Error(`The attempt did not defer: ${why}`);
}

function failureOf({ outcome }: Result) {
  if (outcome.case === "failed") return outcome.value;
  throw new Error(`The attempt did not fail: ${outcome.case}`);
}

function watchOf(trigger: Deferral["trigger"]) {
  if (trigger.case !== "watch") throw new Error(`It is no watch but ${trigger.case}.`);
  const { handler, summary, config } = trigger.value;
  return { handler, summary, config: jsonOf(config?.data) };
}

function jsonOf(data: Uint8Array | undefined): unknown {
  return data === undefined ? undefined : JSON.parse(textOf.decode(data));
}

function resumption(event: unknown, state?: unknown) {
  const valueOf = (value: unknown) => ({ data: utf8.encode(JSON.stringify(value)) });
  return {
    resumption: {
      ...(event !== undefined && { event: valueOf(event) }),
      ...(state !== undefined && { state: valueOf(state) }),
    },
  };
}
