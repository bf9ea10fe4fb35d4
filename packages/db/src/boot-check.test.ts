import { expect, test } from "vitest";

import { judgeServer, type ServerSettings } from "./boot-check.ts";

const fit: ServerSettings = {
  version: 150_000,
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  in_recovery: false,
};

test("PostgreSQL 15 with its default settings is fit", () => {
  expect(judgeServer(fit)).toEqual({ refusal: null, unsafe: [] });
});

test("an older server is refused, and the message says what is needed", () => {
  expect(judgeServer({ ...fit, version: 149_999 }).refusal).toBe(
    "is PostgreSQL 14; Millrace needs 15 or newer. Upgrade the server.",
  );
});

test("a standby is refused", () => {
  expect(judgeServer({ ...fit, in_recovery: true }).refusal).toMatch(/primary/);
});

test.each([
  [{ fsync: "off" }, ["fsync=off"]],
  [{ full_page_writes: "off" }, ["full_page_writes=off"]],
  [{ synchronous_commit: "off" }, ["synchronous_commit=off"]],
  [{ fsync: "off", synchronous_commit: "off" }, ["fsync=off", "synchronous_commit=off"]],
  [{ synchronous_commit: "remote_apply" }, []],
])("%j can lose work: %j", (change, unsafe) => {
  expect(judgeServer({ ...fit, ...change }).unsafe).toEqual(unsafe);
});
