import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { confirm, type Asking } from "./confirm.ts";

function asking(isTTY: boolean) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = Object.assign(new PassThrough(), { isTTY, columns: 80 });
  return { input, output, on: { input, output } as unknown as Asking };
}

test.each([
  ["y", true],
  ["YES", true],
  ["n", false],
  ["", false],
  ["yeah", false],
])("%j means %j", async (typed, expected) => {
  const { input, output, on } = asking(true);
  const answer = confirm("Clear: 3 task instances?", on);
  input.write(`${typed}\n`);
  expect(await answer).toBe(expected);
  expect(String(output.read())).toContain("Clear: 3 task instances? [y/N]");
});

test("where nobody can be asked, --yes must say it", async () => {
  await expect(confirm("Clear?", asking(false).on)).rejects.toMatchObject({
    code: 2,
    message: expect.stringContaining("add --yes"),
  });
});
