import * as fc from "fast-check";
import { expect, test } from "vitest";
import { splitLines } from "./lines.ts";

function linesOf(chunks: readonly Buffer[]): string[] {
  const lines: string[] = [];
  const split = splitLines((line) => lines.push(line));
  for (const chunk of chunks) split.write(chunk);
  split.end();
  return lines;
}

test("lines are the same wherever the output is cut into chunks", () => {
  const text = fc
    .array(fc.string({ unit: "grapheme" }))
    .map((lines) => Buffer.from(lines.join("\n")));
  fc.assert(
    fc.property(text, fc.nat(), (bytes, cut) => {
      const at = cut % (bytes.length + 1);
      expect(linesOf([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(linesOf([bytes]));
    }),
  );
});

test("empty lines and both line ends count; an unfinished last line counts too", () => {
  expect(linesOf([Buffer.from("a\n\nb\r\nc")])).toEqual(["a", "", "b", "c"]);
  expect(linesOf([Buffer.from("a\n")])).toEqual(["a"]);
});

test("output without line ends is given in pieces", () => {
  const pieces = linesOf([Buffer.alloc(40_000, "x")]);
  expect(pieces.map(({ length }) => length)).toEqual([16_384, 16_384, 7232]);
});
