/** What a body may defer for: semantics 9.3 and 9.6, with our limits. */

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";

import { dagLimits } from "@millrace/engine";
import { DeferralSchema, InputFormSchema, TimeoutOutcome } from "@millrace/wire/v1";
import { deferralProblem } from "./deferral-check.ts";

type Asked = MessageInitShape<typeof DeferralSchema>;
type Form = MessageInitShape<typeof InputFormSchema>;

const problem = (asked: Asked) => deferralProblem("t", create(DeferralSchema, asked));

const aForm = { subject: "s", schema: "{}" };
const token = { case: "token", value: {} } as const;
const after = (ms: number): Asked => ({
  trigger: { case: "time", value: { moment: { case: "after", value: durationFromMs(ms) } } },
});
const at = (seconds: bigint): Asked => ({
  trigger: { case: "time", value: { moment: { case: "at", value: { seconds, nanos: 0 } } } },
});
const input = (form?: Form, rest: { readonly onTimeout?: TimeoutOutcome } = {}): Asked => ({
  ...rest,
  trigger: {
    case: "input",
    value: form === undefined ? {} : { form: create(InputFormSchema, { ...aForm, ...form }) },
  },
});
const watch = (value: {
  handler?: string;
  summary?: string;
  config?: { data: Uint8Array };
}): Asked => ({
  trigger: { case: "watch", value: { handler: "http", ...value } },
});
const tooMuch = { data: Buffer.alloc(dagLimits.argsBytes + 1, "1") };
const { FULFIL, SKIP } = TimeoutOutcome;

describe("may be waited for:", () => {
  test.each<[string, Asked]>([
    ["a moment", after(1_000)],
    ["a moment that is over", at(0n)],
    ["no time at all", after(0)],
    ["a token", { trigger: token, timeout: durationFromMs(0), onTimeout: SKIP }],
    ["a heartbeat", { trigger: { case: "token", value: { heartbeat: durationFromMs(1) } } }],
    ["a form", input({ assignees: ["user:a"] })],
    [
      "a form with defaults",
      input({ defaults: { data: Buffer.from("{}") } }, { onTimeout: FULFIL }),
    ],
    ["a watch", watch({ summary: "x" })],
  ])("%s", (_, asked) => {
    expect(problem(asked)).toBeNull();
  });
});

describe("may not:", () => {
  test.each<[string, Asked, RegExp]>([
    ["nothing", {}, /^"t" deferred, and does not say for what/],
    ["no moment", { trigger: { case: "time", value: {} } }, /no moment/],
    ["a moment of the deep past", at(-5n), /-5000 ms is no date after 1970/],
    ["a moment beyond all dates", at(10n ** 13n), /is no date/],
    ["a negative time", after(-1), /the wait of -1 ms is not between 0 ms/],
    ["more than ten years", after(dagLimits.durationMs + 1), /ten years/],
    ["a negative timeout", { trigger: token, timeout: durationFromMs(-1) }, /its timeout of -1 ms/],
    [
      "a heartbeat of no time",
      { trigger: { case: "token", value: { heartbeat: durationFromMs(0) } } },
      /the heartbeat of 0 ms is not between 1 ms/,
    ],
    ["a form that is none", input(), /there is no form/],
    [
      "a form without a subject",
      input({ subject: "" }),
      /subject has 0 characters; it needs 1 to 250/,
    ],
    ["a long body", input({ body: "b".repeat(16_385) }), /body has 16385 bytes; it may have 16384/],
    ["a long schema", input({ schema: "1".repeat(65_537) }), /schema has 65537 bytes/],
    ["a schema that is none", input({ schema: "[]" }), /schema is no JSON object/],
    ["a schema that is no JSON", input({ schema: "{" }), /schema is no JSON object/],
    ["defaults that are no object", input({ defaults: { data: Buffer.from("1") } }), /no object/],
    ["nobody", input({ assignees: [""] }), /assignee/],
    ["too many", input({ assignees: Array<string>(101).fill("a") }), /101 assignees/],
    ["defaults that are missing", input({}, { onTimeout: FULFIL }), /defaults, which are missing/],
    ["defaults of a token", { trigger: token, onTimeout: FULFIL }, /only a form has defaults/],
    [
      "an outcome of tomorrow",
      { trigger: token, onTimeout: 99 as typeof FULFIL },
      /on_timeout is 99/,
    ],
    ["a watch by nobody", watch({ handler: "" }), /handler has 0 characters/],
    ["a long summary", watch({ summary: "s".repeat(251) }), /summary has 251 characters/],
    ["a large config", watch({ config: tooMuch }), /config has 262145 bytes; it may have 262144/],
    ["a large state", { trigger: token, state: tooMuch }, /its state has 262145 bytes/],
  ])("%s", (_, asked, message) => {
    expect(problem(asked)).toMatch(message);
  });
});
