import { expect, test } from "vitest";
import { deriveToken, isToken, newToken } from "./tokens.ts";

test("tokens are long, different, and recognised", () => {
  const tokens = new Set(Array.from({ length: 1_000 }, newToken));
  expect(tokens.size).toBe(1_000);
  for (const token of tokens) expect(isToken(token)).toBe(true);
});

test.each([
  "",
  "mr_",
  "mr_short",
  `mr_${"a".repeat(44)}`,
  `xx_${"a".repeat(43)}`,
  `mr_${"-".repeat(43)}`,
])("%j is no token", (text) => {
  expect(isToken(text)).toBe(false);
});

test("a derived token depends on the secret and on the purpose, and on nothing else", () => {
  expect(deriveToken("a", "login 1")).toBe(deriveToken("a", "login 1"));
  expect(deriveToken("a", "login 1")).not.toBe(deriveToken("a", "login 2"));
  expect(deriveToken("a", "login 1")).not.toBe(deriveToken("b", "login 1"));
  expect(isToken(deriveToken("a", ""))).toBe(true);
});
