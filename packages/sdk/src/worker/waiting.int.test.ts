/** Bodies that defer, and go on, on a whole worker: semantics 9.3, 9.6; sensors that do: 9.2. */

import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { SensorMode, TaskControl, TaskKind, TimeoutOutcome } from "@millrace/wire/v1";
import type { Deferral } from "@millrace/wire/v1";
import { AssignmentSchema, type Result } from "@millrace/wire/worker";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeValue, encodeValue } from "../codec/codec.ts";
import { defer } from "../waiting/deferral.ts";
import { trigger } from "../waiting/trigger.ts";
import {
  failureOf,
  startBench,
  valueOf,
  type AssignmentInit,
  type Bench,
} from "./testing/worker-bench.ts";

const preamble = `import { defer, trigger } from "@millrace/sdk";`;

function deferralOf({ outcome }: Result): Deferral {
  if (outcome.case === "deferred") return outcome.value;
  throw new Error(`The attempt did not defer: ${JSON.stringify(outcome.value)}`);
}

/** What a body is given to go on with. */
function resumption(event: unknown, state?: unknown) {
  const valueOf = (value: unknown) => ({ data: encodeValue(value) });
  return {
    resumption: {
      ...(event !== undefined && { event: valueOf(event) }),
      ...(state !== undefined && { state: valueOf(state) }),
    },
  };
}

/** Those that a body is begun with begin again where they should go on. */
const begins = `() => { throw new Error("begun again"); }`;
const push = `context().xcom.push("seen", 3);`;
const schema = `{ type: "object", required: ["region"], properties: {
  region: { enum: ["eu", "us"] }, copies: { type: "integer", default: 2 } } }`;

const bodies = {
  full: `async () => {
    ${push}
    return defer(trigger.token({ heartbeat: "1m" }), {
      timeout: "2h", onTimeout: "failForGood", state: { since: new Date(0) },
    });
  }`,
  at: `() => defer(trigger.at("2026-01-01T00:00Z"))`,
  after: `() => defer(trigger.after("1m"))`,
  token: `() => defer(trigger.token())`,
  http: `() => defer(trigger.http({ url: "https://a.example/x?k=1", interval: "5s" }))`,
  file: `() => defer(trigger.file({ path: "/in/a" }), { onTimeout: "skip", timeout: "1m" })`,
  own: `() => defer(trigger.custom("s3", { key: "a" }, "the object a"))`,
  form: `() => defer(trigger.input({ subject: "Where?", body: "**now**",
    schema: ${schema}, defaults: { region: "eu" }, assignees: ["user:anna"] }), { timeout: "1d" })`,
  form_wrong: `() => defer(trigger.input({ subject: "Where?",
    schema: ${schema}, defaults: { region: "asia" } }))`,
  forgets: `() => { defer(trigger.after("1m")); }`,
  uncarried: `() => defer(trigger.after("1m"), { state: { f: () => 1 } as never })`,
  resumed: begins,
  nothing: begins,
  plain: begins,
  again: begins,
  fails: begins,
  slow: begins,
  throws: `() => { ${push} throw new Error("no"); }`,
  skips: `() => { ${push} throw new SkipTask("no"); }`,
  in_vain: `() => { ${push} return false; }`,
  waits: `() => defer(trigger.file({ path: "/in/a" }))`,
  waits_less: `() => defer(trigger.after("1h"), { timeout: "10s", onTimeout: "fail" })`,
  not_yet: begins.replace("throw", "return false; throw"),
};

const taskOptions = {
  resumed: `{ resume: async (event: never, state: never) => [event, state, context().attempt.number] }`,
  nothing: `{ resume: (...given: unknown[]) => given.map((one) => one === undefined) }`,
  again: `{ resume: (_: never, state: never) => defer(trigger.after("1m"), { state }) }`,
  fails: `{ retryPolicy: () => "fail", resume: () => { throw new TypeError("no"); } }`,
  slow: `{ resume: () => new Promise((_, reject) => context().signal.addEventListener("abort", reject)) }`,
  not_yet: `{ resume: () => false }`,
  waits_less: `{ resume: () => true }`,
};

let bench: Bench;
let attempts = 0;

beforeAll(async () => {
  bench = await startBench({ preamble, bodies, taskOptions });
});
afterAll(() => bench[Symbol.asyncDispose]());

async function outcomeOf(task: keyof typeof bodies, more: AssignmentInit = {}): Promise<Result> {
  const attemptId = `${task} ${++attempts}`;
  bench.server.assign(bench.task(task, { ...more, attemptId }));
  return await bench.server.result(attemptId);
}

describe("a body that defers", () => {
  test("gives its slot back with what it waits for, its state, its limits and what it left", async () => {
    const result = await outcomeOf("full");
    const deferral = deferralOf(result);
    expect(deferral.trigger).toMatchObject({
      case: "token",
      value: { heartbeat: { seconds: 60n } },
    });
    expect(deferral.timeout?.seconds).toBe(7200n);
    expect(deferral.onTimeout).toBe(TimeoutOutcome.FAIL_FOR_GOOD);
    expect(deferral.resumes).toBe(false);
    expect(decodeValue(deferral.state!.data)).toEqual({ since: new Date(0) });
    expect(decodeValue(result.xcoms["seen"]!.data)).toBe(3);
  });

  test("waits for moments, URLs, files and functions of triggerers", async () => {
    expect(deferralOf(await outcomeOf("at")).trigger.value).toMatchObject({
      moment: { case: "at", value: { seconds: 1767225600n } },
    });
    expect(deferralOf(await outcomeOf("after")).trigger.value).toMatchObject({
      moment: { case: "after", value: { seconds: 60n } },
    });
    const http = deferralOf(await outcomeOf("http")).trigger;
    expect(http).toMatchObject({
      case: "watch",
      value: { handler: "http", summary: "GET https://a.example/x" },
    });
    const config = http.case === "watch" ? decodeValue(http.value.config!.data) : null;
    expect(config).toMatchObject({ url: "https://a.example/x?k=1", intervalMs: 5000 });
    const file = deferralOf(await outcomeOf("file"));
    expect(file.onTimeout).toBe(TimeoutOutcome.SKIP);
    expect(file.trigger.value).toMatchObject({ handler: "file", summary: "/in/a" });
    expect(deferralOf(await outcomeOf("own")).trigger.value).toMatchObject({ handler: "s3" });
  });

  test("asks with the schema's defaults filled in, and takes them when the time is over", async () => {
    const deferral = deferralOf(await outcomeOf("form"));
    expect(deferral.onTimeout).toBe(TimeoutOutcome.FULFIL);
    const form = deferral.trigger.case === "input" ? deferral.trigger.value.form : undefined;
    expect(form).toMatchObject({ subject: "Where?", body: "**now**", assignees: ["user:anna"] });
    expect(decodeValue(form!.defaults!.data)).toEqual({ region: "eu", copies: 2 });
    const wrong = failureOf(await outcomeOf("form_wrong"));
    expect(wrong).toMatchObject({ type: "FIELD_INVALID", retryable: false });
    expect(wrong.message).toContain("trigger.input: defaults break the schema");
  });

  test("goes on in a worker when it says how, or when only a worker can read what comes", async () => {
    expect(deferralOf(await outcomeOf("waits_less")).resumes).toBe(true);
    const branch = { control: TaskControl.BRANCH, cases: ["a"] };
    expect(deferralOf(await outcomeOf("token", branch)).resumes).toBe(true);
    const named = { mapIndexTemplate: "{{ ds }}", mapIndex: 0 };
    expect(deferralOf(await outcomeOf("token", named)).resumes).toBe(true);
    const measuredPaths = [new TextEncoder().encode("[]")];
    expect(deferralOf(await outcomeOf("token", { measuredPaths })).resumes).toBe(false);
    expect(deferralOf(await outcomeOf("after", { measuredPaths })).resumes).toBe(true);
  });

  test("that does not return it fails, saying so", async () => {
    for (const more of [{}, sensor({ softFail: true })]) {
      const failure = failureOf(await outcomeOf("forgets", more));
      expect(failure).toMatchObject({ kind: "APPLICATION", retryable: false });
      expect(failure.message).toContain("return defer(…)");
    }
  });

  test("with a state that cannot be carried fails for good", async () => {
    const failure = failureOf(await outcomeOf("uncarried"));
    expect(failure).toMatchObject({ type: "VALUE_INVALID", retryable: false });
    expect(failure.message).toContain('the state that task "uncarried" defers with');
  });
});

describe("a body that goes on", () => {
  test("gets the event and its state, with the same context", async () => {
    const more = { ...resumption({ score: 3 }, new Set([1])), tryNumber: 2 };
    const result = await outcomeOf("resumed", more);
    expect(valueOf(result)).toEqual([{ score: 3 }, new Set([1]), 2]);
  });

  test("gets nothing for a moment", async () => {
    expect(valueOf(await outcomeOf("nothing", resumption(undefined)))).toEqual([true, true]);
  });

  test("without a function for it returns the event, and is measured and read like any result", async () => {
    const measuredPaths = [new TextEncoder().encode('["rows"]')];
    const result = await outcomeOf("plain", { ...resumption({ rows: [1, 2] }), measuredPaths });
    expect(valueOf(result)).toEqual({ rows: [1, 2] });
    expect(result.outcome.value).toMatchObject({ lengths: [2] });
    const branch = { ...resumption("b"), control: TaskControl.BRANCH, cases: ["a", "b"] };
    const chosen = await outcomeOf("plain", branch);
    expect(chosen.outcome.value).toMatchObject({ choice: { cases: ["b"] } });
  });

  test("may defer again, fail by its policy, and times out like any part", async () => {
    const again = deferralOf(await outcomeOf("again", resumption(1, { looks: 1 })));
    expect(again.resumes).toBe(true);
    expect(decodeValue(again.state!.data)).toEqual({ looks: 1 });
    const failed = failureOf(await outcomeOf("fails", resumption(1)));
    expect(failed).toMatchObject({ type: "TypeError", retryable: false });
    const limit = { executionTimeout: durationFromMs(50) };
    const slow = failureOf(await outcomeOf("slow", { ...resumption(1), ...limit }));
    expect(slow.kind).toBe("TIMEOUT");
  });
});

test("what a body left comes with a failure, a skip and a look in vain too", async () => {
  const failed = await outcomeOf("throws");
  const skipped = await outcomeOf("skips");
  const vain = await outcomeOf("in_vain", sensor());
  expect(vain.outcome.case).toBe("rescheduled");
  for (const { xcoms } of [failed, skipped, vain]) {
    expect(decodeValue(xcoms["seen"]!.data)).toBe(3);
  }
});

function sensor(more: { softFail?: boolean; ageMs?: number } = {}) {
  const { softFail = false, ageMs = 0 } = more;
  const { sensor } = create(AssignmentSchema, {
    sensor: {
      mode: SensorMode.RESCHEDULE,
      interval: durationFromMs(60_000),
      timeout: durationFromMs(600_000),
      softFail,
    },
  });
  return { sensor: sensor!, tryAge: durationFromMs(ageMs) };
}

describe("a sensor that defers", () => {
  test("waits no longer than what is left of its timeout, and ends as that does", async () => {
    const hard = deferralOf(await outcomeOf("waits", sensor({ ageMs: 400_000 })));
    expect(Number(hard.timeout!.seconds)).toBeLessThanOrEqual(200);
    expect(Number(hard.timeout!.seconds)).toBeGreaterThan(150);
    expect(hard).toMatchObject({ onTimeout: TimeoutOutcome.FAIL_FOR_GOOD, resumes: false });
    const soft = deferralOf(await outcomeOf("waits", sensor({ softFail: true })));
    expect(soft.onTimeout).toBe(TimeoutOutcome.SKIP);
    const own = deferralOf(await outcomeOf("waits_less", sensor()));
    expect(own).toMatchObject({ timeout: { seconds: 10n }, onTimeout: TimeoutOutcome.FAIL });
    const late = failureOf(await outcomeOf("waits", sensor({ ageMs: 600_000 })));
    expect(late).toMatchObject({ kind: "TIMEOUT", retryable: false });
  });

  test("is done when it goes on, or looks again when it says not yet", async () => {
    const more = { ...sensor(), ...resumption({ path: "/in/a" }) };
    expect(valueOf(await outcomeOf("waits", more))).toEqual({ path: "/in/a" });
    expect((await outcomeOf("not_yet", more)).outcome.case).toBe("rescheduled");
  });
});

test("an external handler defers and goes on like any body", async () => {
  const train = {
    body: () => defer(trigger.token(), { state: 1 }),
    resume: (event: number, state: number) => event + state,
  };
  await using own = await startBench({ handlers: { train } });
  const external = { handler: "train", kind: TaskKind.EXTERNAL, bundleDigest: "" };
  own.server.assign(own.task("a", external));
  expect(deferralOf(await own.server.result("a")).resumes).toBe(true);
  own.server.assign(own.task("b", { ...external, ...resumption(2, 1) }));
  expect(valueOf(await own.server.result("b"))).toBe(3);
});
