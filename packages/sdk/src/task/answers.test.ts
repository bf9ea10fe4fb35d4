import { describe, expect, test } from "vitest";
import { readChoice, readSensorAnswer } from "./answers.ts";
import { RetryTask, FailTask, SkipTask, dag, done, sensor, task } from "../index.ts";
import type { RetryPolicy } from "../index.ts";
import { outcomeOfThrown, retryPolicyOf, withRetryPolicy } from "../spec.ts";

describe("a sensor's answer", () => {
  test.each<[string, unknown, boolean, unknown]>([
    ["true", true, true, undefined],
    ["done()", done(), true, undefined],
    ["done(value)", done({ bytes: 0 }), true, { bytes: 0 }],
    ["done(false)", done(false), true, false],
    ["false", false, false, undefined],
    ["nothing", undefined, false, undefined],
    ["null", null, false, undefined],
  ])("%s", (_name, answer, isDone, value) => {
    expect(readSensorAnswer(answer, 'task "s"')).toEqual({ isDone, value });
  });

  test.each<[unknown, string]>([
    [{ bytes: 3 }, "an object"],
    ["yes", '"yes"'],
    [1, "a number"],
  ])("%j is refused", (answer, shown) => {
    expect(() => readSensorAnswer(answer, 'task "s"')).toThrow(
      `the sensor task "s" answered ${shown}; answer true, false or done(value)`,
    );
  });

  test("belongs to options with defaults of their own", () => {
    const wait = sensor({ interval: "5m", backoff: true }, function wait() {
      return true;
    });
    const { tasks } = dag("d", {}, () => {
      wait();
      wait.with({
        id: "b",
        mode: "reschedule",
        timeout: "1h",
        softFail: true,
        maxInterval: "9m",
      })();
    }).spec();
    const sensorOf = { intervalMs: 300_000, backoff: true };
    expect(tasks.map((one) => one.sensor)).toEqual([
      { ...sensorOf, mode: "poke", timeoutMs: 604_800_000, softFail: false, maxIntervalMs: null },
      {
        ...sensorOf,
        mode: "reschedule",
        timeoutMs: 3_600_000,
        softFail: true,
        maxIntervalMs: 540_000,
      },
    ]);
    expect(() => wait.with({ interval: "0s" })).toThrow('sensor "wait": option "interval"');
  });
});

describe("a choice", () => {
  const branch = { control: "branch", cases: ["big", "small"] } as const;
  const gate = { control: "short_circuit", cases: [] } as const;

  test.each<[unknown, string[]]>([
    ["big", ["big"]],
    [
      ["small", "big", "small"],
      ["small", "big"],
    ],
    [[], []],
    [null, []],
    [undefined, []],
  ])("of a branch that returned %j is %j", (returned, cases) => {
    expect(readChoice(branch, returned, 'task "b"')).toEqual(cases);
  });

  test("of a short circuit is to go on or not", () => {
    expect(readChoice(gate, true, "")).toEqual(["continue"]);
    expect(readChoice(gate, false, "")).toEqual([]);
    expect(readChoice({ control: "none", cases: [] }, "big", "")).toBeNull();
  });

  test("that is none is refused with what may be chosen", () => {
    expect(() => readChoice(branch, ["big", "huge"], 'task "b"')).toThrow(
      'the branch task "b" chose "huge", which is none of its cases: big, small',
    );
    expect(() => readChoice(branch, true, 'task "b"')).toThrow("chose a boolean");
    expect(() => readChoice(gate, undefined, 'task "g"')).toThrow(
      'the short circuit task "g" returned undefined; return true to go on, false to skip',
    );
  });
});

describe("RetryTask", () => {
  test("says when the next try begins", () => {
    const thrown = new RetryTask("the quota is used up", { after: "15m", cause: "x" });
    expect(outcomeOfThrown(thrown)).toMatchObject({
      kind: "failed",
      failure: { type: "RetryTask", retryable: true, retryAfterMs: 900_000 },
    });
    expect([thrown.message, thrown.cause]).toEqual(["the quota is used up", "x"]);
  });

  test("without a time keeps the task's delay, and needs no message", () => {
    expect(outcomeOfThrown(new RetryTask())).toMatchObject({ failure: { retryAfterMs: null } });
    expect(outcomeOfThrown(new RetryTask({ after: { seconds: 1 } }))).toMatchObject({
      failure: { retryAfterMs: 1000, message: "the body asked for another try" },
    });
  });

  test("refuses what is no duration", () => {
    expect(() => new RetryTask({ after: "soon" })).toThrow('RetryTask: after is "soon"');
  });
});

describe("a retry policy", () => {
  const failureOf = (thrown: unknown) => {
    const outcome = outcomeOfThrown(thrown);
    if (outcome.kind !== "failed") throw new Error("skipped");
    return outcome.failure;
  };
  const after = (policy: RetryPolicy, thrown: unknown = new Error("boom")) =>
    withRetryPolicy(policy, thrown, 2, failureOf(thrown));

  test.each<[string, RetryPolicy, object]>([
    ["nothing leaves it to the task", () => undefined, { retryable: true, retryAfterMs: null }],
    ["fail", () => "fail", { retryable: false }],
    ["retry", () => "retry", { retryable: true, retryAfterMs: null }],
    ["after", () => ({ after: "10s" }), { retryable: true, retryAfterMs: 10_000 }],
  ])("%s", (_name, policy, failure) => {
    expect(after(policy)).toMatchObject({ message: "boom", ...failure });
  });

  test("sees the error and the number of the try", () => {
    const seen: unknown[] = [];
    const error = new TypeError("no");
    after((...given) => void seen.push(...given), error);
    expect(seen).toEqual([error, 2]);
  });

  test("is not asked about errors that say it themselves", () => {
    const refuse = () => {
      throw new Error("asked");
    };
    expect(after(refuse, new FailTask("no"))).toMatchObject({ message: "no", retryable: false });
    expect(after(refuse, new RetryTask({ after: "1s" }))).toMatchObject({ retryAfterMs: 1000 });
    expect(outcomeOfThrown(new SkipTask("later"))).toEqual({ kind: "skipped", message: "later" });
  });

  test("that fails itself changes nothing but the message", () => {
    const broken = after(() => {
      throw new Error("oh");
    });
    expect(broken).toMatchObject({
      message: "boom (its retry policy threw: Error: oh)",
      retryable: true,
    });
    expect(after((() => "maybe") as unknown as RetryPolicy).message).toContain(
      'boom (its retry policy answered neither "retry", "fail" nor { after }',
    );
  });

  test("comes from the nearest level, and is nothing of the spec", () => {
    const ofDag: RetryPolicy = () => "retry";
    const ofTask: RetryPolicy = () => "fail";
    const work = task(function work() {});
    const definition = dag("d", { defaults: { retryPolicy: ofDag } }, () => {
      work();
      work.with({ id: "own", retryPolicy: ofTask })();
    });
    expect(retryPolicyOf(definition, "work")).toBe(ofDag);
    expect(retryPolicyOf(definition, "own")).toBe(ofTask);
    expect(definition.spec().tasks[0]).not.toHaveProperty("retryPolicy");
    expect(() => task({ retryPolicy: "fail" as unknown as RetryPolicy }, function t() {})).toThrow(
      "a function of the error and the number of the try",
    );
  });
});
