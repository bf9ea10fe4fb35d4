/** Bodies that defer, and what ends their waits: semantics 9.3 and 9.6. */

import { describe, expect, test } from "vitest";
import type { Deferral } from "../run/run.ts";
import { TaskState } from "../spec/states.ts";
import { aFailure } from "../testing.ts";
import { toldRun } from "../testing/told-run.ts";

const ok = { kind: "OK" };
const pair = { tasks: { a: { retries: 1 }, b: {} }, arrows: ["a > b"] };
const about = { ix: 0, mapIx: -1, attempt: 1 };

/** A run whose first task waits. */
function waiting(deferral: Partial<Deferral> = {}, shape: Parameters<typeof toldRun>[0] = pair) {
  const it = toldRun(shape);
  it.defer("a", deferral);
  return it;
}

describe("a body that defers", () => {
  test.each(["time", "token", "watch"] as const)("waits as deferred for a %s", (kind) => {
    const it = waiting({ kind });
    expect(it.states()).toEqual({ a: "deferred", b: "none" });
    expect(it.effects.changes).toMatchObject([{ attempt: 1, uncounted: 0, deferral: { kind } }]);
  });

  test("waits as awaiting_input for a person", () => {
    expect(waiting({ kind: "input" }).state("a")).toBe("awaiting_input");
  });

  test("is no reason to end the run, however long it takes", () => {
    const it = waiting();
    it.at += 1e12;
    expect(it.wait("waitBeat", "a")).toEqual(ok);
    expect(it.runState()).toBe("running");
  });

  test("sets one timer, for whatever comes first", () => {
    const at = 1000;
    expect(waiting().effects.timers).toEqual([]);
    expect(waiting({ kind: "time", until: at + 50 }).effects.timers).toEqual([
      { kind: "waitDue", ...about, at: at + 50 },
    ]);
    expect(
      waiting({ kind: "time", until: at + 50, timeoutAt: at + 20 }).effects.timers,
    ).toMatchObject([{ kind: "waitTimedOut", at: at + 20 }]);
    expect(waiting({ timeoutAt: at + 90, heartbeatMs: 30 }).effects.timers).toMatchObject([
      { kind: "waitTimedOut", at: at + 30 },
    ]);
  });

  test("gives up waiting when its run is being cancelled", () => {
    const it = toldRun(pair);
    it.grant("a");
    it.send({ kind: "cancelRequested", at: it.at });
    expect(it.defer("a")).toEqual(ok);
    expect(it.effects.changes).toMatchObject([{ state: TaskState.skipped, uncounted: 1 }]);
    expect(it.states()).toEqual({ a: "skipped", b: "skipped" });
    expect(it.runState()).toBe("failed");
  });
});

describe("what it waits for comes", () => {
  test("a body that goes on is ready again, and the grant spends no retry", () => {
    const it = waiting();
    expect(it.wait("waitFulfilled", "a")).toEqual(ok);
    expect(it.states()).toEqual({ a: "scheduled", b: "none" });
    expect(it.ready()).toEqual(["a"]);
    expect(it.effects.changes).toMatchObject([{ attempt: 1, uncounted: 1 }]);
    it.grant("a");
    it.fail("a");
    expect(it.state("a")).toBe("up_for_retry");
    it.wait("waitDue", "a");
    it.grant("a");
    it.fail("a");
    expect(it.state("a")).toBe("failed");
  });

  test("a body may defer again and again without spending retries", () => {
    const it = waiting();
    for (let round = 0; round < 5; round += 1) {
      it.wait("waitFulfilled", "a");
      it.defer("a");
    }
    expect(it.effects.changes).toMatchObject([{ attempt: 6, uncounted: 5 }]);
  });

  test("without a body that goes on the task succeeds with it", () => {
    const it = waiting({ resumes: false });
    it.wait("waitFulfilled", "a");
    expect(it.states()).toEqual({ a: "success", b: "scheduled" });
    expect(it.ready()).toEqual(["b"]);
  });

  test("its length is known to what is mapped over it", () => {
    const each = [{ sources: ['{"$":"task","id":"a"}'] }];
    const it = waiting({ resumes: false }, { tasks: { a: {}, b: { each } }, arrows: ["a > b"] });
    it.wait("waitFulfilled", "a", { lengths: [2] });
    expect(it.ready()).toEqual(["b[0-2]"]);
  });

  test("a moment comes by its timer, and brings no value", () => {
    const it = waiting({ kind: "time", until: 2000, resumes: false });
    it.at = 2000;
    it.wait("waitDue", "a");
    expect(it.states()).toEqual({ a: "success", b: "scheduled" });
    expect([...it.rows.values()]).toMatchObject([{ hasValue: false }]);
  });

  test("no timer of a moment ends another kind of wait", () => {
    const it = waiting();
    expect(it.wait("waitDue", "a")).toMatchObject({ reason: "FINISHED" });
    expect(it.state("a")).toBe("deferred");
  });
});

describe("what it waits for does not come", () => {
  test("a failure of the wait is one of the try", () => {
    const it = waiting();
    it.wait("waitFailed", "a", { failure: aFailure({ message: "no such job" }) });
    expect(it.effects.changes).toMatchObject([
      { waitUntil: it.at + 300_000, failure: { message: "no such job" } },
    ]);
    it.wait("waitDue", "a");
    it.defer("a");
    it.wait("waitFailed", "a");
    expect(it.states()).toEqual({ a: "failed", b: "upstream_failed" });
  });

  test("one that must not be retried ends the task", () => {
    const it = waiting();
    it.wait("waitFailed", "a", { failure: aFailure({ retryable: false }) });
    expect(it.state("a")).toBe("failed");
  });

  test.each([
    ["fail", "up_for_retry"],
    ["fail_for_good", "failed"],
    ["skip", "skipped"],
    ["fulfil", "success"],
  ] as const)("after its timeout, with on_timeout %s, it is %s", (onTimeout, state) => {
    const it = waiting({ timeoutAt: 61_000, onTimeout, resumes: false, summary: "job 7" });
    it.at = 61_000;
    expect(it.wait("waitTimedOut", "a")).toEqual(ok);
    expect(it.state("a")).toBe(state);
    const [change] = it.effects.changes;
    if (state === "up_for_retry" || state === "failed")
      expect(change?.failure).toMatchObject({
        kind: "timeout",
        message: "Waited longer than its timeout of 1 min; it waited for: job 7.",
      });
    if (onTimeout === "fulfil") expect(it.rows.values().next().value?.hasValue).toBe(true);
  });

  test("an answer that time gives is one that the body goes on with", () => {
    const it = waiting({ kind: "input", timeoutAt: 2000, onTimeout: "fulfil" });
    it.at = 2000;
    it.wait("waitTimedOut", "a");
    expect(it.state("a")).toBe("scheduled");
  });

  test("the timer of a moment does not start the try early that follows a failed wait for it", () => {
    const it = waiting({ kind: "time", until: 5000 });
    it.wait("waitFailed", "a");
    it.at = 5000;
    expect(it.wait("waitDue", "a")).toMatchObject({ reason: "FINISHED" });
    it.at = 301_000;
    expect(it.wait("waitDue", "a")).toEqual(ok);
    expect(it.state("a")).toBe("scheduled");
  });
});

describe("heartbeats", () => {
  test("a holder who shows that they are at it is waited for", () => {
    const it = waiting({ heartbeatMs: 1000 });
    for (it.at = 1900; it.at <= 8200; it.at += 900) expect(it.wait("waitBeat", "a")).toEqual(ok);
    it.at = 2000;
    expect(it.wait("waitTimedOut", "a")).toEqual(ok);
    expect(it.state("a")).toBe("deferred");
    expect(it.effects.timers).toEqual([{ kind: "waitTimedOut", ...about, at: 9200 }]);
  });

  test("a late one takes no time away", () => {
    const it = waiting({ heartbeatMs: 1000 });
    it.at = 3000;
    it.wait("waitBeat", "a");
    it.at = 2000;
    it.wait("waitBeat", "a");
    it.at = 3900;
    it.wait("waitTimedOut", "a");
    expect(it.state("a")).toBe("deferred");
  });

  test("without one the try fails and has its retries, whatever its timeout would come to", () => {
    const it = waiting({ heartbeatMs: 1000, timeoutAt: 99_000, onTimeout: "skip" });
    it.at = 2000;
    it.wait("waitTimedOut", "a");
    expect(it.effects.changes[0]).toMatchObject({
      failure: {
        kind: "timeout",
        message: "Whoever has its task token sent no heartbeat for 1 s.",
      },
    });
    expect(it.state("a")).toBe("up_for_retry");
  });

  test("after a take-over they are awaited anew, and the moment stays what it was", () => {
    const it = waiting({ heartbeatMs: 1000, timeoutAt: 99_000 });
    it.at = 50_000;
    expect(it.restored().effects.timers).toEqual([{ kind: "waitTimedOut", ...about, at: 51_000 }]);
    const timed = waiting({ kind: "time", until: 5000 });
    timed.at = 50_000;
    expect(timed.restored().effects.timers).toEqual([{ kind: "waitDue", ...about, at: 5000 }]);
  });
});
