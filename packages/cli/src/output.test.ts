import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { colors } from "./colors.ts";
import { cutTo, tableLines, write } from "./output.ts";

test("columns are as wide as their widest cell, whatever its colours, and lines end where their text ends", () => {
  const lines = tableLines(
    ["TASK", "STATE", "WHY"],
    [
      ["a", colors.green("✔ success"), ""],
      ["a_long_one", colors.red("✘ failed"), "boom"],
    ],
  );
  expect(lines.map((it) => stripVTControlCharacters(it))).toEqual([
    "TASK        STATE      WHY",
    "a           ✔ success",
    "a_long_one  ✘ failed   boom",
  ]);
});

test("a cut line has the asked width, and its colours end", () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-z ]{0,12}$/)),
      fc.integer({ min: 1, max: 60 }),
      (words, width) => {
        const text = words.map((word) => colors.red(word)).join("");
        const plain = stripVTControlCharacters(text);
        const cut = cutTo(text, width);
        const expected = plain.length <= width ? plain : `${plain.slice(0, width - 1)}…`;
        expect(stripVTControlCharacters(cut)).toBe(expected);
        expect(cut.split("\u001b[31m").length).toBe(cut.split("\u001b[39m").length);
      },
    ),
  );
});

test("no colours leave for what is no terminal", () => {
  const file = new PassThrough() as unknown as NodeJS.WriteStream;
  write(file, `${colors.red("✘")} no\n`);
  expect(String(file.read())).toBe("✘ no\n");
});
