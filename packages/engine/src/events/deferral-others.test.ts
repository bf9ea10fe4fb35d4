/** What others do to a task that waits without a slot, and it to others: semantics 9.3, 11.2-11.3; trap 17 of appendix C. */
import { describe, expect, test } from "vitest";
import { admit } from "../admission/admission.ts";
import { isAwaited } from "./attempt.ts";
import type { Deferral } from "../run/run.ts";
import { someLimits } from "../testing.ts";
import { toldRun } from "../testing/told-run.ts";
import { deferralOf, isWaiting, keepsDeferral } from "../run/waits.ts";

const ok = { kind: "OK" };
const pair = { tasks: { a: { retries: 1 }, b: {} }, arrows: ["a > b"] };
const stale = (reason: string) => ({ kind: "STALE", reason });

function waiting(deferral: Partial<Deferral> = {}) {
  const it = toldRun(pair);
  it.defer("a", deferral);
  return it;
}

describe("reports that come late, repeated or out of order", () => {
  const late = ["waitFulfilled", "waitFailed", "waitBeat", "waitTimedOut"] as const;

  test("a deferral told again is known, whatever came of it", () => {
    const it = waiting();
    const again = () => it.send({ ...deferred, ...it.about("a"), attempt: 1 });
    const deferred = { kind: "taskDeferred", deferral: deferralOf(it.run, it.ref("a"))! } as const;
    expect(again()).toEqual({ kind: "ALREADY" });
    it.wait("waitFulfilled", "a");
    expect(again()).toEqual({ kind: "ALREADY" });
    expect(it.state("a")).toBe("scheduled");
    it.grant("a");
    expect(again()).toEqual(stale("EXPIRED_AND_REGRANTED"));
    expect(it.state("a")).toBe("running");
  });

  test("another outcome of the attempt that deferred is refused", () => {
    const it = waiting();
    expect(it.succeed("a")).toEqual({ kind: "CONFLICT" });
    expect(it.fail("a")).toEqual({ kind: "CONFLICT" });
    it.wait("waitFulfilled", "a");
    expect(it.succeed("a")).toEqual({ kind: "CONFLICT" });
    expect(it.state("a")).toBe("scheduled");
  });

  test("the loss of a worker that has given the slot back is no loss", () => {
    const it = waiting();
    expect(it.send({ kind: "leaseLost", ...it.about("a") })).toEqual(stale("FINISHED"));
    expect(it.send({ kind: "taskReturned", ...it.about("a") })).toEqual(stale("FINISHED"));
    expect(it.state("a")).toBe("deferred");
  });

  test("whoever ends a wait first is heard, and told so when they repeat it", () => {
    const it = waiting();
    it.wait("waitFulfilled", "a");
    expect(it.wait("waitFulfilled", "a")).toEqual({ kind: "ALREADY" });
    for (const kind of ["waitFailed", "waitBeat", "waitTimedOut"] as const)
      expect(it.wait(kind, "a")).toEqual(stale("FINISHED"));
    const other = waiting();
    other.wait("waitFailed", "a");
    expect(other.wait("waitFailed", "a")).toEqual({ kind: "ALREADY" });
    expect(other.wait("waitFulfilled", "a")).toEqual(stale("FINISHED"));
  });

  test("nothing about a wait is heard while the body runs, or of attempts that are over or to come", () => {
    const it = waiting();
    it.wait("waitFulfilled", "a");
    it.grant("a");
    for (const kind of late) {
      expect(it.wait(kind, "a")).toEqual(stale("FINISHED"));
      const early = kind === "waitTimedOut" ? "FINISHED" : "EXPIRED_AND_REGRANTED";
      expect(it.wait(kind, "a", { attempt: 1 })).toEqual(stale(early));
      const unknown = kind === "waitTimedOut" ? "FINISHED" : "EPOCH";
      expect(it.wait(kind, "a", { attempt: 9 })).toEqual(stale(unknown));
    }
    expect(it.state("a")).toBe("running");
  });

  test("a body given back may still say that it deferred, as long as nobody else has it", () => {
    const it = toldRun(pair);
    it.grant("a");
    it.send({ kind: "leaseLost", ...it.about("a") });
    expect(it.state("a")).toBe("scheduled");
    const deferral = deferralOf(waiting().run, it.ref("a"))!;
    expect(it.send({ kind: "taskDeferred", ...it.about("a"), deferral })).toEqual(ok);
    expect(it.state("a")).toBe("deferred");
    expect(it.effects.changes).toMatchObject([{ attempt: 1, uncounted: 0 }]);
  });
});

describe("the attempt that goes on", () => {
  test("is granted again with the same resumption when its worker is lost, or gives it back", () => {
    const it = waiting();
    it.wait("waitFulfilled", "a");
    expect(it.effects.changes.every(keepsDeferral)).toBe(true);
    for (const kind of ["taskReturned", "leaseLost", "leaseLost"] as const) {
      it.grant("a");
      expect(it.effects.changes.every(keepsDeferral)).toBe(true);
      it.send({ kind, ...it.about("a") });
      expect(it.effects.changes.every(keepsDeferral)).toBe(true);
      if (it.state("a") === "up_for_retry") it.wait("waitDue", "a");
    }
    expect(it.state("a")).toBe("scheduled");
    it.grant("a");
    it.succeed("a");
    expect(it.effects.changes.some(keepsDeferral)).toBe(false);
    expect(it.runState()).toBe("running");
  });

  test("ends the wait for good when it fails: the next try begins from the beginning", () => {
    const it = waiting();
    it.wait("waitFulfilled", "a");
    it.grant("a");
    it.fail("a");
    expect(it.state("a")).toBe("up_for_retry");
    expect(it.effects.changes.some(keepsDeferral)).toBe(false);
  });

  test("may report late after a take-over, while the attempt that deferred may not", () => {
    const it = waiting();
    it.wait("waitFulfilled", "a");
    expect(isAwaited(it.restored().run, it.ref("a"))).toBe(false);
    it.grant("a");
    it.send({ kind: "leaseLost", ...it.about("a") });
    expect(isAwaited(it.restored().run, it.ref("a"))).toBe(true);
    expect(it.succeed("a")).toEqual(ok);
  });
});

describe("people and limits", () => {
  test("clearing forgets the wait, and its token", () => {
    const it = waiting();
    it.clear("a");
    expect(it.state("a")).toBe("scheduled");
    expect(it.effects.stop).toEqual([]);
    expect(it.run.waits?.size).toBe(0);
    expect(it.wait("waitFulfilled", "a")).toEqual(stale("CLEARED"));
    it.grant("a");
    it.succeed("a");
    expect(it.states()).toEqual({ a: "success", b: "scheduled" });
  });

  test("clearing an attempt that goes on starts the body from its beginning", () => {
    const it = waiting();
    it.wait("waitFulfilled", "a");
    it.grant("a");
    it.clear("a");
    expect(it.effects.changes.some(keepsDeferral)).toBe(false);
    it.succeed("a");
    expect(it.states()).toEqual({ a: "scheduled", b: "none" });
  });

  test.each(["success", "failed", "skipped"] as const)(
    "a person may say that it is %s",
    (state) => {
      const it = waiting();
      expect(it.mark(state, "a")).toEqual(ok);
      expect(it.state("a")).toBe(state);
      expect(it.wait("waitFulfilled", "a")).toEqual(stale("FINISHED"));
      expect(deferralOf(it.run, it.ref("a"))).toBeNull();
    },
  );

  test("a run that is marked as failed fails what is under way and skips the rest", () => {
    const it = waiting();
    it.markRun("failed");
    expect(it.states()).toEqual({ a: "failed", b: "skipped" });
  });

  test("a cancel, a dagrun timeout and a failure elsewhere skip it at once", () => {
    const cancelled = waiting();
    cancelled.send({ kind: "cancelRequested", at: cancelled.at });
    expect(cancelled.states()).toEqual({ a: "skipped", b: "skipped" });
    expect(cancelled.effects.stop).toEqual([]);
    const late = toldRun(pair, { dagrunTimeoutMs: 10 });
    late.defer("a");
    late.send({ kind: "dagrunTimedOut", at: late.at + 10 });
    expect(late.state("a")).toBe("skipped");
    const fast = toldRun({ tasks: { a: {}, x: {} } }, { failFast: true });
    fast.defer("a", { kind: "input" });
    fast.grant("x");
    fast.fail("x");
    expect(fast.states()).toEqual({ a: "skipped", x: "failed" });
  });

  test("a wait that fails for good ends a run that fails fast", () => {
    const it = toldRun({ tasks: { a: {}, x: {} } }, { failFast: true });
    it.defer("a");
    it.wait("waitFailed", "a");
    expect(it.states()).toEqual({ a: "failed", x: "skipped" });
  });

  test("a short circuit skips what waits after it, as it does what waits for a retry", () => {
    const shape = {
      tasks: { gate: { control: "short_circuit" }, a: {}, b: { triggerRule: "always" } },
      arrows: ["gate > a > b"],
    } as const;
    const it = toldRun(shape);
    it.defer("b");
    it.grant("gate");
    it.succeed("gate", -1, { choice: [] });
    expect(it.states()).toEqual({ gate: "success", a: "skipped", b: "skipped" });
  });

  test("it takes no place of max_active_tasks", () => {
    const it = toldRun({ tasks: { a: {}, b: {} } }, { maxActiveTasks: 1 });
    it.defer("a");
    expect(admit(it.run, it.ref("b"), someLimits())).toEqual([]);
    it.grant("b");
    it.wait("waitFulfilled", "a");
    expect(admit(it.run, it.ref("a"), someLimits())).toMatchObject([{ kind: "max_active_tasks" }]);
  });

  test("teardowns and what is due whatever happens wait until it is over", () => {
    const it = toldRun({
      tasks: {
        setup: { role: "setup" },
        a: {},
        teardown: { role: "teardown", triggerRule: "all_done_setup_success" },
        last: { triggerRule: "all_done" },
      },
      arrows: ["setup > a > teardown", "setup > teardown", "a > last"],
    });
    it.finish("setup");
    it.defer("a", { resumes: false });
    expect(it.states("teardown", "last")).toEqual({ teardown: "none", last: "none" });
    it.wait("waitFailed", "a");
    expect(it.states("teardown", "last")).toEqual({ teardown: "scheduled", last: "scheduled" });
  });
});

describe("mapped instances", () => {
  const each = [{ sources: ["[1,2,3]"] }];

  test("wait each for itself", () => {
    const it = toldRun({ tasks: { a: { each }, b: {} }, arrows: ["a > b"] });
    it.defer("a[0]");
    it.defer("a[2]", { resumes: false });
    expect(isWaiting(it.run, it.ref("a", 0), 1)).toBe(true);
    expect(isWaiting(it.run, it.ref("a", 1), 1)).toBe(false);
    it.wait("waitFulfilled", "a[2]");
    expect(it.states("a")).toEqual({ "a[0]": "deferred", "a[1]": "scheduled", "a[2]": "success" });
    it.finish("a", 1);
    expect(it.state("b")).toBe("none");
    it.wait("waitFulfilled", "a[0]");
    it.finish("a", 0);
    expect(it.state("b")).toBe("scheduled");
  });

  test("that a shorter list takes away wait for nothing any more", () => {
    const it = toldRun({
      tasks: { list: {}, a: { each: [{ sources: ['{"$":"task","id":"list"}'] }] } },
      arrows: ["list > a"],
    });
    it.finish("list", -1, { lengths: [2] });
    it.defer("a[0]");
    it.defer("a[1]");
    it.clear("list");
    it.finish("list", -1, { lengths: [1] });
    expect(it.states("a")).toEqual({ "a[0]": "deferred", "a[1]": "deferred" });
    it.clear("a[0]");
    expect(it.states("a")).toEqual({ "a[0]": "scheduled", "a[1]": "removed" });
    expect(it.wait("waitFulfilled", "a[1]")).toEqual(stale("FINISHED"));
  });
});
