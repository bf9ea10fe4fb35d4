import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { WaitingSchema } from "@millrace/wire/v1";
import { expect, test } from "vitest";
import { showWaiting } from "./waiting.ts";

const shown = (waiting: MessageInitShape<typeof WaitingSchema>) =>
  showWaiting(create(WaitingSchema, waiting));

test("what a task waits for is said in a few words", () => {
  expect(shown({ for: { case: "until", value: timestampFromMs(0) } })).toBe(
    "waits until 1970-01-01 00:00:00Z",
  );
  expect(shown({ for: { case: "token", value: {} } })).toBe("waits for its token");
  expect(shown({ for: { case: "token", value: { heartbeat: durationFromMs(90_000) } } })).toBe(
    "waits for its token, a heartbeat every 1 min 30 s",
  );
  expect(shown({ for: { case: "form", value: { subject: "Ship it?" } } })).toBe("asks: Ship it?");
  expect(shown({ for: { case: "summary", value: "GET https://x" }, handler: "http" })).toBe(
    "waits for GET https://x (http)",
  );
  expect(shown({ for: { case: "summary", value: "" }, handler: "mine" })).toBe("waits for mine");
  expect(shown({})).toBe("waits");
});
