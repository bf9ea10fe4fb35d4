import { create } from "@bufbuild/protobuf";
import { createLogger } from "@millrace/service";
import { RenewSessionRequestSchema } from "@millrace/wire/worker";
import { expect, test } from "vitest";
import { workerLimits } from "../limits.ts";
import { onceInSession, type Repeats } from "./repeats.ts";

const log = createLogger({ name: "test", level: "error" });

function aSession() {
  const session = { repeats: new Map() as Repeats };
  let calls = 0;
  return {
    /** Answers with how many calls were carried out by then. */
    ask: (requestId: string, attemptIds: string[] = [], method = "s/Renew") =>
      onceInSession(
        session,
        { method, log },
        RenewSessionRequestSchema,
        create(RenewSessionRequestSchema, { requestId, attemptIds }),
        () => (attemptIds.includes("bad") ? Promise.reject(new Error("bad")) : answer()),
      ),
    size: () => session.repeats.get("s/Renew")?.size,
  };
  function answer(): Promise<number> {
    calls += 1;
    return Promise.resolve(calls);
  }
}

test("a repeated call has the first one's answer, also while that is being found", async () => {
  const { ask } = aSession();
  expect(await Promise.all([ask("r"), ask("r")])).toEqual([1, 1]);
  expect(await ask("r")).toBe(1);
  expect(await ask("other")).toBe(2);
});

test("the same id means nothing to another method", async () => {
  const { ask } = aSession();
  expect([await ask("r"), await ask("r", ["a"], "s/Report")]).toEqual([1, 2]);
});

test("the same id with another body is refused by name", async () => {
  const { ask } = aSession();
  await ask("r", ["a"]);
  await expect(ask("r", ["b"])).rejects.toMatchObject({
    reason: "REQUEST_ID_REUSED",
    message: "request_id r was used for another Renew; choose a new one.",
  });
});

test("what failed is carried out when it is asked again", async () => {
  const { ask } = aSession();
  await expect(ask("r", ["bad"])).rejects.toThrow("bad");
  expect(await ask("r")).toBe(1);
});

test("only the newest answers are kept", async () => {
  const { ask, size } = aSession();
  for (let i = 0; i <= workerLimits.repeatsKept; i++) await ask(`r${i}`);
  expect(size()).toBe(workerLimits.repeatsKept);
  expect(await ask(`r${workerLimits.repeatsKept}`)).toBe(workerLimits.repeatsKept + 1);
  expect(await ask("r0")).toBe(workerLimits.repeatsKept + 2);
});
