import { expect, test } from "vitest";
import { tokenLines } from "./highlight.ts";
import { wayBack } from "./way-back.ts";

test.each([
  ["/runs/run_1?task=a", "/runs/run_1?task=a"],
  [undefined, "/dags"],
  ["https://evil.example/x", "/dags"],
  ["//evil.example", "/dags"],
  ["/\\evil.example", "/dags"],
  ["/\t/evil.example", "/dags"],
  ["javascript:alert(1)", "/dags"],
  ["/login?next=/login", "/dags"],
])("the way back from %s is %s", (next, path) => {
  expect(wayBack(next)).toBe(path);
});

test("highlighting changes no character, and cuts tokens at line ends", () => {
  const source = "/* two\nlines */ const a = `x\ny`; // end\n@Task() 1_000n";
  const lines = tokenLines(source);
  expect(lines.map((line) => line.map((token) => token.text).join("")).join("\n")).toBe(source);
  expect(lines[1]?.map((token) => token.kind)).toContain("keyword");
});
