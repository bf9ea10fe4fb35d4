import path from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { deferralOf } from "./deferral.ts";
import { defer, encodeValue, trigger } from "../index.ts";
import { isMarked } from "../shared.ts";
import { triggerMark } from "./trigger.ts";
import type { TriggerSpec } from "./trigger-spec.ts";

function specOf(one: unknown): TriggerSpec {
  if (!isMarked(one, triggerMark)) throw new Error("no trigger");
  return one[triggerMark] as TriggerSpec;
}

const url = "https://a.example/jobs";
const schema = z.object({ region: z.enum(["eu", "us"]) });
const never = undefined as never;

describe("a trigger is plain data", () => {
  test("of a moment", () => {
    const at = Date.UTC(2026, 0, 1);
    expect(specOf(trigger.at("2026-01-01T00:00Z"))).toEqual({ kind: "time", at, afterMs: null });
    expect(specOf(trigger.at(new Date(at)))).toEqual({ kind: "time", at, afterMs: null });
    expect(specOf(trigger.after("10m"))).toEqual({ kind: "time", at: null, afterMs: 600_000 });
    expect(specOf(trigger.after("0s"))).toEqual({ kind: "time", at: null, afterMs: 0 });
  });

  test("of a token", () => {
    expect(specOf(trigger.token())).toEqual({ kind: "token", heartbeatMs: null });
    expect(specOf(trigger.token({ heartbeat: "1m" }))).toEqual({
      kind: "token",
      heartbeatMs: 60_000,
    });
  });

  test("of a form, with its JSON Schema", () => {
    const spec = specOf(
      trigger.input({
        subject: "Where?",
        schema,
        defaults: { region: "eu" },
        assignees: ["user:a"],
      }),
    );
    expect(spec).toMatchObject({
      kind: "input",
      form: { subject: "Where?", body: "", defaults: { region: "eu" }, assignees: ["user:a"] },
    });
    const form = spec.kind === "input" ? spec.form.schema : "";
    expect(JSON.parse(form)).toMatchObject({ type: "object", required: ["region"] });
  });

  test("of a URL, with a summary that tells no secrets", () => {
    const spec = specOf(
      trigger.http({
        url: "https://a.example/jobs/7?key=secret#x",
        method: "post",
        headers: { authorization: { env: "TOKEN" } },
        body: "{}",
        interval: "5s",
        status: [200, 404],
        until: { path: "job.state", equals: "done" },
      }),
    );
    expect(spec).toEqual({
      kind: "watch",
      handler: "http",
      summary: "POST https://a.example/jobs/7",
      config: {
        url: "https://a.example/jobs/7?key=secret#x",
        method: "POST",
        headers: { authorization: { env: "TOKEN" } },
        body: "{}",
        intervalMs: 5000,
        status: [200, 404],
        until: { path: ["job", "state"], equals: "done" },
      },
    });
  });

  test("of a file, by its whole path", () => {
    expect(specOf(trigger.file({ path: "in/orders.csv" }))).toMatchObject({
      handler: "file",
      config: { path: path.resolve("in/orders.csv"), intervalMs: 10_000 },
      summary: path.resolve("in/orders.csv"),
    });
    const long = `/${"a".repeat(400)}`;
    const spec = specOf(trigger.file({ path: long }));
    expect(spec.kind === "watch" && spec.summary).toHaveLength(250);
    expect(spec).toMatchObject({ config: { path: long } });
  });

  test("of a function of a triggerer", () => {
    expect(specOf(trigger.custom("s3", { key: "a" }, "the object a"))).toEqual({
      kind: "watch",
      handler: "s3",
      config: { key: "a" },
      summary: "the object a",
    });
  });
});

describe("a wrong option is refused with its field, its value and the remedy", () => {
  const wrong: [string, () => unknown, string][] = [
    ["no instant", () => trigger.at("2026-01-01T00:00"), 'trigger.at is "2026-01-01T00:00"'],
    ["an invalid date", () => trigger.at(new Date(NaN)), "trigger.at is an invalid Date"],
    ["a negative wait", () => trigger.after({ minutes: -1 }), "trigger.after is"],
    ["no duration", () => trigger.after("soon"), 'trigger.after is "soon"; it must be "30s"'],
    [
      "a short heartbeat",
      () => trigger.token({ heartbeat: "500ms" }),
      'trigger.token: heartbeat is "500ms"; it must be at least 1 s',
    ],
    [
      "a short interval",
      () => trigger.http({ url, interval: "100ms" }),
      'trigger.http: interval is "100ms"; it must be at least 1 s',
    ],
    [
      "a short interval of a file",
      () => trigger.file({ path: "/a", interval: "0s" }),
      "trigger.file: interval",
    ],
    [
      "another protocol",
      () => trigger.http({ url: "ftp://a.example" }),
      'trigger.http: url is "ftp://a.example"; it must be a URL that begins with http:// or https://',
    ],
    ["no URL", () => trigger.http({ url: "a.example" }), 'trigger.http: url is "a.example"'],
    [
      "a URL with a password",
      () => trigger.http({ url: "https://u:p@a.example" }),
      "authorization",
    ],
    [
      "a method for proxies",
      () => trigger.http({ url, method: "CONNECT" }),
      "trigger.http: method",
    ],
    ["a header that is none", () => trigger.http({ url, headers: { "a b": "" } }), "headers"],
    [
      "a header of two lines",
      () => trigger.http({ url, headers: { a: "b\r\nc: d" } }),
      "trigger.http: headers.a",
    ],
    ["no status", () => trigger.http({ url, status: 42 }), "trigger.http: status is 42"],
    ["no statuses", () => trigger.http({ url, status: [] }), "trigger.http: status is []"],
    [
      "a body with GET",
      () => trigger.http({ url, body: "a" }),
      'trigger.http: body is "a"; it must be left out with method GET',
    ],
    [
      "an empty path",
      () => trigger.http({ url, until: { path: "", equals: 1 } }),
      "trigger.http: until.path",
    ],
    [
      "nothing to equal",
      () => trigger.http({ url, until: { path: "a", equals: undefined } }),
      "until.equals",
    ],
    ["no file", () => trigger.file({ path: "" }), "trigger.file: path"],
    ["no handler", () => trigger.custom("", {}, "s"), "trigger.custom: handler"],
    ["a long summary", () => trigger.custom("a", {}, "s".repeat(251)), "trigger.custom: summary"],
    ["no subject", () => trigger.input({ subject: " ", schema }), "trigger.input: subject"],
    ["a subject of lines", () => trigger.input({ subject: "a\nb", schema }), "subject"],
    [
      "a long text",
      () => trigger.input({ subject: "?", body: "a".repeat(17_000), schema }),
      "trigger.input: body",
    ],
    [
      "a form of no object",
      () => trigger.input({ subject: "?", schema: z.string() }),
      "trigger.input: schema must describe an object",
    ],
    [
      "defaults that are no object",
      () => trigger.input({ subject: "?", schema, defaults: [] as never }),
      "trigger.input: defaults is []",
    ],
    [
      "assignees that are no names",
      () => trigger.input({ subject: "?", schema, assignees: [""] }),
      "trigger.input: assignees",
    ],
    ["no trigger", () => defer("10m" as never), "defer: trigger"],
    [
      "a negative timeout",
      () => defer(trigger.after("1m"), { timeout: { seconds: -5 } }),
      "defer: timeout",
    ],
    ["no time", () => defer(trigger.after("1m"), { timeout: "0s" }), "longer than 0"],
    [
      "an outcome that does not exist",
      () => defer(trigger.after("1m"), { onTimeout: "succeed" as never }),
      'defer: onTimeout is "succeed"; it must be fail or failForGood or skip',
    ],
  ];
  test.each(wrong)("%s", (_name, make, message) => {
    expect(make).toThrow(message);
  });

  test("and says what a secret is called, not what it is", () => {
    const leak = () => trigger.http({ url, headers: { authorization: "Bearer top\nsecret" } });
    expect(leak).toThrow("trigger.http: headers.authorization");
    expect(leak).not.toThrow("top");
  });
});

describe("a deferral", () => {
  test("carries what the body said", () => {
    const deferred = defer(trigger.after("1m"), {
      timeout: "2h",
      onTimeout: "failForGood",
      state: { id: 1 },
    });
    expect(deferralOf(deferred)).toEqual({
      trigger: { kind: "time", at: null, afterMs: 60_000 },
      timeoutMs: 7_200_000,
      onTimeout: "fail_for_good",
      state: { id: 1 },
    });
    expect(deferralOf({ rows: 1 })).toBeNull();
    expect(deferralOf(never)).toBeNull();
  });

  test("is no value: one inside of something cannot be carried", () => {
    const inside = { next: defer(trigger.after("1m")) };
    expect(() => encodeValue(inside, "the result")).toThrow("the result.next is an instance of");
  });
});
