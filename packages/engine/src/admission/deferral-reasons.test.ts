/** Why a task that gave its slot back waits: states deferred and awaiting_input of semantics 1.1, waits of 9.3 and 9.6. */

import { describe, expect, test } from "vitest";
import { admit, explain } from "./admission.ts";
import type { Limits } from "./limits.ts";
import type { Deferral } from "../run/run.ts";
import { someLimits } from "../testing.ts";
import { ToldRun } from "../testing/told-run.ts";
import { aDag } from "../testing.ts";

function told(deferral: Partial<Deferral>, limits: Partial<Limits> = {}) {
  const it = new ToldRun(aDag({ tasks: { a: {} } }));
  it.at = 0;
  it.start();
  it.defer("a", deferral);
  return explain(it.run, it.ref("a"), someLimits(limits));
}

test.each<[string, Partial<Deferral>, object]>([
  [
    "a moment",
    { kind: "time", until: 90_000 },
    {
      message: "It gave its slot back and waits until 1970-01-01T00:01:30.000Z, in 1 min 30 s.",
      evidence: { for: "time" },
      until: 90_000,
    },
  ],
  [
    "a token",
    { summary: "the cluster job", timeoutAt: 60_000 },
    {
      message:
        "It gave its slot back and waits for whoever has its task token (the cluster job); at most 1 min more.",
      evidence: { for: "token", summary: "the cluster job" },
      until: 60_000,
    },
  ],
  [
    "a token with a heartbeat",
    { timeoutAt: 60_000, heartbeatMs: 5000 },
    { evidence: { for: "token" }, until: 5000 },
  ],
])("who waits for %s says so", (_, deferral, reason) => {
  expect(told(deferral)).toMatchObject([{ kind: "deferred", ...reason }]);
});

test("who waits for a person names the question, and who may answer", () => {
  expect(told({ kind: "input", summary: "Ship it?" })).toMatchObject([
    {
      kind: "awaiting_input",
      message: 'It waits for a person to answer "Ship it?".',
      evidence: { subject: "Ship it?" },
      until: null,
    },
  ]);
  const assignees = ["user:anna", "user:ben"];
  expect(told({ kind: "input", summary: "Ship it", assignees, timeoutAt: 1000 })).toMatchObject([
    {
      message: 'It waits for user:anna or user:ben to answer "Ship it"; at most 1 s more.',
      evidence: { assignees: "user:anna, user:ben" },
      until: 1000,
    },
  ]);
});

describe("what a triggerer watches", () => {
  const watch = { kind: "watch", handler: "http", summary: "GET https://x.test" } as const;

  test("names who watches", () => {
    expect(told(watch, { triggererOf: () => "worker-1" })).toMatchObject([
      {
        kind: "deferred",
        message: "It gave its slot back and waits for GET https://x.test, which worker-1 watches.",
        evidence: { for: "watch", handler: "http", triggerer: "worker-1" },
      },
    ]);
  });

  test.each([
    ["no_queue", "no_worker_for_queue"],
    ["no_handler", "no_worker_for_handler"],
    ["none_free", "no_free_slot"],
    ["free", "dispatching"],
  ] as const)("that nobody watches while slots are %s, has reason %s", (state, kind) => {
    const slots: Limits["slots"] = (_, handler) => ({
      state: handler === "trigger/http" ? state : "free",
      ...{ workers: 1, slots: 2 },
    });
    expect(told(watch, { slots }).map((reason) => reason.kind)).toEqual(["deferred", kind]);
  });

  test("is not held by a slot for bodies unless a body goes on", () => {
    const slots: Limits["slots"] = (_, handler) => ({
      state: handler === null ? "none_free" : "free",
      ...{ workers: 1, slots: 2 },
    });
    const limits = { slots, isPaused: true, triggererOf: () => "w" };
    expect(told({ ...watch, resumes: false }, limits).map(({ kind }) => kind)).toEqual([
      "deferred",
    ]);
    expect(told(watch, limits).map(({ kind }) => kind)).toEqual([
      "deferred",
      "dag_paused",
      "no_free_slot",
    ]);
  });
});

test("what comes after a wait says what it waits for", () => {
  const it = new ToldRun(aDag({ tasks: { a: {}, b: {}, c: {} }, arrows: ["a b > c"] }));
  it.start();
  it.defer("a");
  it.defer("b", { kind: "input" });
  expect(admit(it.run, it.ref("c"), someLimits())[0]?.message).toContain(
    "a (waits without a slot), b (waits for a person)",
  );
});
